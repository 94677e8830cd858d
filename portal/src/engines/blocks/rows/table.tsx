/** A table over a source: the portal's own list, with the block's columns and actions. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordData, Sort } from "@/api/types";
import { usePage, useSay, useTexts } from "@/engines/blocks/context";
import { sumOf } from "@/engines/blocks/expression/decimal";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import { useSaving } from "@/engines/blocks/save";
import type { TableBlock } from "@/engines/blocks/tree";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { columnsOf } from "@/engines/list/columns";
import { ListBody } from "@/engines/list/list";
import type { List } from "@/engines/list/use-list";
import { formatNumber } from "@/i18n/format";
import { Secondary } from "@/ui/block";
import { BarTitle, BlockBar, BlockPane } from "@/ui/block-frame";
import { toast } from "@/ui/toast";
import { usePhone } from "@/ui/use-phone";
import { Cell } from "./cell";
import { TableFilters, TableViews, useNarrowing, useView } from "./filters";
import { groupsOf, narrow } from "./narrow";
import { byPlace, placed } from "./order";
import { useGivenRows } from "./sort";
import { RowsScope, useRows } from "./source";
import { SwipeHint } from "./swipe-hint";

export default function TableView({ block }: { block: TableBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={block.height ?? 280}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

/** Moves a row among all there are, not among those alone that a filter or a group shows. */
function useArranging({ source, move = "" }: TableBlock, all: RecordData[]) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const saving = useSaving();
  const latest = useRef({ all, saving });
  latest.current = { all, saving };
  return useCallback(
    async (id: string, next: string, side: "before" | "after") => {
      const rows = byPlace(latest.current.all, move);
      const writes = placed(rows, move, id, next, side);
      if (writes.length > 1 && (page.source(source).cursor || writes.length > most.selection)) {
        toast({ kind: "error", message: t("too_many_to_arrange") });
        return;
      }
      for (const one of writes) {
        const row = page.source(source).rows?.find((shown) => shown.id === one.id);
        if (row && (await latest.current.saving.change(source, row, one.fields)) !== undefined) return;
      }
    },
    [page, source, move, t],
  );
}

/** A screenful, in pixels. */
const screenful = 480;

/** As high as its rows, up to a screenful. Not on a phone: a card there is as high as what it says. */
const heightOf = (rows: number): number => Math.max(120, Math.min(screenful, 64 + rows * 36));

function Loaded({ block }: { block: TableBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const phone = usePhone();
  const say = useSay();
  const data = page.source(block.source);
  const { view, belongs } = useView(block);
  const narrowing = useNarrowing(block);
  const options = useMemo(() => ({ ...block, Value: Cell }), [block]);
  const { source, shape, records: all } = useRows(block.source, options);
  const texts = useTexts(block.source, data);
  const [sort, setSort] = useState<Sort[]>();
  const [keys, setKeys] = useState<string[]>();
  const columns = useMemo(
    () => columnsOf(shape, keys ?? view?.columns ?? shape.layout.list),
    [shape, keys, view],
  );
  const whole = !data.cursor;
  // Only where all rows are here is their order ours to change.
  const sortable = useMemo(
    () => ({
      ...source,
      shape: { ...shape, fields: shape.fields.map((one) => ({ ...one, sortable: whole })) },
    }),
    [source, shape, whole],
  );
  const words = (record: RecordData, key: string) => {
    const field = fieldOf(shape, key);
    const value = record.fields[key];
    return field && !isEmpty(value) ? textOf(field, value, texts, record.fields) : "";
  };
  const records = narrow(all.filter(belongs), narrowing, words);
  const sorting = sort ?? view?.sort;
  const given = useGivenRows(records, sorting, texts, shape);
  const { move } = block;
  // Another order than their own is only looked at.
  const arranged = move !== undefined && !sorting?.length;
  const shown = useMemo(() => (move && arranged ? byPlace(given, move) : given), [move, arranged, given]);
  const arrange = useArranging(block, all);
  const narrowed = records.length < all.length;
  // What a person looks for may stand further down.
  useEffect(() => {
    if (narrowed && data.cursor && !data.loading && all.length < most.printed) {
      void page.sources.more(block.source);
    }
  }, [narrowed, data.cursor, data.loading, all.length, page, block.source]);
  if (columns.length > most.tableColumns) return <TooLarge size={columns.length} most={most.tableColumns} />;
  const list: List = {
    columns: columns.map((one) => ({ ...one, sortable: whole })),
    records: shown,
    refs: data.refs ?? {},
    total: narrowed ? records.length : data.total,
    request: {},
    sort: sort ?? [],
    narrowed,
    pending: false,
    error: null,
    stale: data.loading,
    more: () => void page.sources.more(block.source),
    retry: () => page.sources.retry(block.source),
    async readAll(limit, onProgress) {
      while (page.source(block.source).cursor && (page.source(block.source).rows?.length ?? 0) < limit) {
        await page.sources.more(block.source);
        onProgress(page.source(block.source).rows?.length ?? 0);
      }
    },
  };
  const sums = block.columns.flatMap((column) => {
    const field =
      typeof column === "object" && column.sum && shape.fields.find(({ key }) => key === column.name);
    if (!field) return [];
    const sum = sumOf(records.map((record) => record.fields[field.key]));
    return [`${field.label}: ${textOf(field, sum, texts, records[0]?.fields)}`];
  });
  const swiped = block.row_actions?.some(({ swipe }) => swipe);
  const groups = block.group_by
    ? groupsOf(shown, block.group_by, words)
    : [{ label: undefined, records: shown }];
  return (
    <>
      <TableViews block={block} open={view} />
      {block.filters && (
        <TableFilters
          block={block}
          fields={shape.fields}
          records={all}
          narrowing={narrowing}
          textOf={words}
        />
      )}
      {phone && swiped && shown.length > 0 && <SwipeHint actions={block.row_actions ?? []} />}
      <RowsScope name={block.source} options={options}>
        {groups.map(({ label, records: members }) => (
          <section key={label ?? ""} aria-label={label}>
            {label !== undefined && (
              <BlockBar>
                <BarTitle>{label || t("nothing")}</BarTitle>
                <Secondary>{formatNumber(members.length)}</Secondary>
              </BlockBar>
            )}
            <BlockPane
              height={block.height ?? (phone ? undefined : heightOf(members.length))}
              upTo={block.height === undefined && phone ? screenful : undefined}
              framed={!phone}
            >
              <ListBody
                source={arranged ? { ...sortable, reorder: arrange } : sortable}
                list={{ ...list, records: members, total: label === undefined ? list.total : members.length }}
                empty={{ text: narrowed ? t("none_such") : say(block.empty) || t("empty") }}
                onSort={setSort}
                onColumns={setKeys}
              />
            </BlockPane>
          </section>
        ))}
      </RowsScope>
      {sums.length > 0 && (
        <BlockBar>
          <Secondary>
            {t("total")} · {sums.join(" · ")}
            {whole ? "" : ` (${t("of_shown", { count: records.length })})`}
          </Secondary>
        </BlockBar>
      )}
    </>
  );
}
