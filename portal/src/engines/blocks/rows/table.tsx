/** A table over a source: the portal's own list, with the block's columns and actions. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Sort } from "@/api/types";
import { usePage, useSay, useTexts } from "@/engines/blocks/context";
import { sumOf } from "@/engines/blocks/expression/decimal";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import type { TableBlock } from "@/engines/blocks/tree";
import { textOf } from "@/engines/fields/text";
import { columnsOf } from "@/engines/list/columns";
import { ListBody, usePhone } from "@/engines/list/list";
import type { List } from "@/engines/list/use-list";
import { Secondary } from "@/ui/block";
import { BlockBar, BlockPane } from "@/ui/block-frame";
import { useGivenRows } from "./sort";
import { RowsScope, useRows } from "./source";

export default function TableView({ block }: { block: TableBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={block.height ?? 280}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

function Loaded({ block }: { block: TableBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const phone = usePhone();
  const say = useSay();
  const data = page.source(block.source);
  const { source, shape, records } = useRows(block.source, block);
  const texts = useTexts(block.source, data);
  const [sort, setSort] = useState<Sort[]>();
  const [keys, setKeys] = useState<string[]>();
  const columns = useMemo(() => columnsOf(shape, keys ?? shape.layout.list), [shape, keys]);
  const whole = !data.cursor;
  // Only where all rows are here is their order ours to change.
  const sortable = useMemo(
    () => ({
      ...source,
      shape: { ...shape, fields: shape.fields.map((one) => ({ ...one, sortable: whole })) },
    }),
    [source, shape, whole],
  );
  const shown = useGivenRows(records, sort, texts, shape);
  if (columns.length > most.tableColumns) return <TooLarge size={columns.length} most={most.tableColumns} />;
  const list: List = {
    columns: columns.map((one) => ({ ...one, sortable: whole })),
    records: shown,
    refs: data.refs ?? {},
    total: data.total,
    request: {},
    sort: sort ?? [],
    narrowed: false,
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
  const height = block.height ?? Math.min(480, 40 + shown.length * 36 + 24);
  return (
    <>
      <RowsScope name={block.source} options={block}>
        <BlockPane height={height} framed={!phone}>
          <ListBody
            source={sortable}
            list={list}
            empty={{ text: say(block.empty) || t("empty") }}
            onSort={setSort}
            onColumns={setKeys}
          />
        </BlockPane>
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
