/** What a record sells, on its card: rows in a table, what they come to, and saving them. */
import { Button } from "@mantine/core";
import { IconPlus, IconRefresh } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import type { SaleCard } from "@/engines/card-parts";
import { fieldOf } from "@/engines/fields/text";
import { ConflictNote } from "@/ui/field";
import { CardSection } from "@/ui/panel";
import { SaleActions, SaleNote, SaleTable } from "@/ui/sale-rows";
import { closedBy, type DraftRow, emptyRow, moved } from "./model";
import { RefreshDialog } from "./refresh";
import { type Column, RowHead, RowLine, type Write } from "./row-line";
import { SaleSums } from "./sums";
import { type Rows, useRows } from "./use-rows";

/** As many as a record may have. */
const most = 200;

export default function SaleRows({ entity, record }: SaleCard) {
  const { t } = useTranslation(["sales", "common", "card"]);
  const field = fieldOf(entity, "rows");
  const priced = entity.key !== "lead";
  const closed = closedBy(entity.key, record.fields);
  const editable = !closed && entity.actions.update && !field?.read_only && !record.fields.deleted_at;
  const rows = useRows(record, priced, editable);
  const empty = rows.draft.rows.length === 0;
  if (empty && !editable && !closed) return null;
  const optional = entity.key === "lead" || entity.key === "deal";
  return (
    <CardSection title={t("sales:title")} folded={optional && empty ? true : undefined}>
      {closed && <SaleNote>{t(`sales:${closed}`)}</SaleNote>}
      {empty && editable && <SaleNote quiet>{priced ? t("sales:empty") : t("sales:empty_lead")}</SaleNote>}
      {editable ? <Written rows={rows} priced={priced} /> : !empty && <Lines rows={rows} priced={priced} />}
      {priced && !empty && <SaleSums rows={rows} record={record} editable={editable} />}
      {editable && <Foot rows={rows} priced={priced} />}
    </CardSection>
  );
}

interface LinesProps {
  rows: Rows;
  priced: boolean;
  /** What can be done to a row; without it rows are only read. */
  writeOf?(row: DraftRow, place: number): Write;
}

const Lines = ({ rows, priced, writeOf }: LinesProps) => (
  <SaleTable priced={priced} head={<RowHead priced={priced} />}>
    {rows.draft.rows.map((row, place) => (
      <RowLine
        key={row.key}
        row={row}
        place={place}
        count={rows.draft.rows.length}
        priced={priced}
        figures={rows.answer?.rows[place]?.figures}
        currency={rows.currency}
        wrong={rows.wrong.rows.get(place)}
        write={writeOf?.(row, place)}
      />
    ))}
  </SaleTable>
);

/** The table as it is written: arrows with Alt move a row, Enter goes down a column and begins a row at its end. */
function Written({ rows, priced }: { rows: Rows; priced: boolean }) {
  const { t } = useTranslation("sales");
  const table = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<{ place: number; column: Column }>();
  const { draft, change } = rows;
  useEffect(() => {
    if (!wanted) return;
    const cell = `[data-sale-row="${wanted.place}"] [data-cell="${wanted.column}"] input:not([type=hidden])`;
    table.current?.querySelector<HTMLInputElement>(cell)?.focus();
    setWanted(undefined);
  }, [wanted]);
  const add = () => {
    if (draft.rows.length >= most) return;
    change((old) => ({ ...old, rows: [...old.rows, emptyRow(newKey())] }));
    setWanted({ place: draft.rows.length, column: "product" });
  };
  const put = (next: (rows: DraftRow[]) => DraftRow[]) => change((old) => ({ ...old, rows: next(old.rows) }));
  const writeOf = (row: DraftRow, place: number): Write => ({
    change: (more) => put((old) => old.map((one) => (one.key === row.key ? { ...one, ...more } : one))),
    move: (by, column) => {
      put((old) => moved(old, place, by));
      if (column) setWanted({ place: place + by, column });
    },
    remove: () => {
      put((old) => old.filter(({ key }) => key !== row.key));
      setWanted({ place: Math.max(0, place - 1), column: "product" });
    },
    down: (column) => (place + 1 < draft.rows.length ? setWanted({ place: place + 1, column }) : add()),
    save: () => {
      if (rows.dirty && !rows.unread) rows.save();
    },
  });
  return (
    <div ref={table}>
      {draft.rows.length > 0 && <Lines rows={rows} priced={priced} writeOf={writeOf} />}
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        disabled={draft.rows.length >= most}
        onClick={add}
      >
        {t("add")}
      </Button>
    </div>
  );
}

/** Saving, throwing away, prices of today, and what is in the way. */
function Foot({ rows, priced }: { rows: Rows; priced: boolean }) {
  const { t } = useTranslation(["sales", "common", "card"]);
  const [asking, setAsking] = useState(false);
  const { clash, wrong, dirty, draft } = rows;
  const sum = (count: number) => t("sales:rows_count", { count });
  const theirs = Array.isArray(clash?.fields.rows) ? clash.fields.rows.length : 0;
  return (
    <>
      {wrong.whole.map((reason) => (
        <SaleNote key={reason} wrong>
          {reason}
        </SaleNote>
      ))}
      {clash && (
        <ConflictNote
          text={t("sales:conflict")}
          sides={[
            { label: t("card:theirs"), value: sum(theirs) },
            { label: t("card:mine"), value: sum(draft.rows.length) },
          ]}
          actions={
            <>
              <Button variant="default" onClick={rows.takeTheirs}>
                {t("card:take_theirs")}
              </Button>
              <Button onClick={rows.keepMine}>{t("card:keep_mine")}</Button>
            </>
          }
        />
      )}
      <SaleActions>
        {dirty && (
          <>
            <Button onClick={rows.save} loading={rows.saving} disabled={rows.unread || clash !== undefined}>
              {t("sales:save")}
            </Button>
            <Button variant="default" onClick={rows.discard} disabled={rows.saving}>
              {t("sales:discard")}
            </Button>
          </>
        )}
        {priced && draft.rows.some(({ product }) => product) && (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconRefresh size={16} />}
            disabled={rows.unread}
            onClick={() => setAsking(true)}
          >
            {t("sales:refresh")}
          </Button>
        )}
      </SaleActions>
      {asking && <RefreshDialog rows={rows} onClose={() => setAsking(false)} />}
    </>
  );
}
