/** A table over a source: the portal's own list, with the block's columns and actions. */
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordData, Sort } from "@/api/types";
import { usePage, useSay, useTexts } from "@/engines/blocks/context";
import { sumOf } from "@/engines/blocks/expression/decimal";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import type { TableBlock } from "@/engines/blocks/tree";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { columnsOf } from "@/engines/list/columns";
import { ListBody } from "@/engines/list/list";
import type { List } from "@/engines/list/use-list";
import { formatNumber } from "@/i18n/format";
import { Secondary } from "@/ui/block";
import { BarTitle, BlockBar, BlockPane } from "@/ui/block-frame";
import { usePhone } from "@/ui/use-phone";
import { Cell } from "./cell";
import { TableFilters, TableViews, useNarrowing, useView } from "./filters";
import { groupsOf, narrow } from "./narrow";
import { useGivenRows } from "./sort";
import { RowsScope, useRows } from "./source";

export default function TableView({ block }: { block: TableBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={block.height ?? 280}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

/** As high as its rows, up to a screenful; on a phone a row is a card. */
const heightOf = (rows: number, phone: boolean): number =>
  Math.max(phone ? 80 : 120, Math.min(480, phone ? rows * 78 : 64 + rows * 36));

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
  const shown = useGivenRows(records, sort ?? view?.sort, texts, shape);
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
      <RowsScope name={block.source} options={options}>
        {groups.map(({ label, records: members }) => (
          <section key={label ?? ""} aria-label={label}>
            {label !== undefined && (
              <BlockBar>
                <BarTitle>{label || t("nothing")}</BarTitle>
                <Secondary>{formatNumber(members.length)}</Secondary>
              </BlockBar>
            )}
            <BlockPane height={block.height ?? heightOf(members.length, phone)} framed={!phone}>
              <ListBody
                source={sortable}
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
