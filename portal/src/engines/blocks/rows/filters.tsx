/** Over a table: its views, and a filter for each field that the block names. What is chosen stands in the address. */
import { MultiSelect, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Field, RecordData } from "@/api/types";
import { usePage, useSay } from "@/engines/blocks/context";
import { isTrue } from "@/engines/blocks/environment";
import type { TableBlock } from "@/engines/blocks/tree";
import { BlockBar, BlockTabs } from "@/ui/block-frame";
import { ViewTab, ViewTabs } from "@/ui/table";
import { isFew, type Narrowing, textsOf } from "./narrow";

const place = (block: TableBlock, key: string) => `${block.id}.${key}`;

export type TableViewOf = NonNullable<TableBlock["views"]>[number];

/** The view that is open, and whether a row belongs to it. */
export function useView(block: TableBlock) {
  const page = usePage();
  const wanted = page.params[place(block, "view")];
  const view = block.views?.find(({ id }) => id === wanted) ?? block.views?.[0];
  const belongs = (record: RecordData): boolean => {
    if (!view || view.when === undefined) return true;
    const row = page.source(block.source).rows?.find(({ id }) => id === record.id);
    return row !== undefined && isTrue(view.when, page.environment({ row: { source: block.source, row } }));
  };
  return { view, belongs };
}

export function useNarrowing(block: TableBlock): Narrowing {
  const { params } = usePage();
  const given = (block.filters ?? []).flatMap((key): [string, string | string[]][] => {
    const value = params[place(block, key)];
    if (Array.isArray(value)) return [[key, value.map(String)]];
    return typeof value === "string" ? [[key, value]] : [];
  });
  return Object.fromEntries(given);
}

export function TableViews({ block, open }: { block: TableBlock; open: TableViewOf | undefined }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  if (!block.views) return null;
  return (
    <BlockTabs>
      <ViewTabs label={t("views")}>
        {block.views.map((view) => (
          <ViewTab
            key={view.id}
            active={view.id === open?.id}
            onClick={() => page.set({ params: { [place(block, "view")]: view.id } })}
          >
            {say(view.title)}
          </ViewTab>
        ))}
      </ViewTabs>
    </BlockTabs>
  );
}

interface FiltersProps {
  block: TableBlock;
  fields: Field[];
  records: RecordData[];
  narrowing: Narrowing;
  textOf(record: RecordData, key: string): string;
}

export function TableFilters({ block, fields, records, narrowing, textOf }: FiltersProps) {
  const page = usePage();
  const { t } = useTranslation("blocks");
  const put = (key: string, value: string | string[], typing: boolean) =>
    page.set({ params: { [place(block, key)]: value.length > 0 ? value : null } }, typing);
  return (
    <BlockBar>
      {(block.filters ?? []).map((key) => {
        const field = fields.find((one) => one.key === key);
        if (!field) return null;
        const value = narrowing[key];
        if (!isFew(field)) {
          return (
            <TextInput
              key={key}
              size="xs"
              w={180}
              aria-label={t("filter_by", { what: field.label })}
              placeholder={field.label}
              value={typeof value === "string" ? value : ""}
              onChange={(event) => put(key, event.currentTarget.value, true)}
            />
          );
        }
        const chosen = Array.isArray(value) ? value : [];
        return (
          <MultiSelect
            key={key}
            size="xs"
            miw={180}
            aria-label={t("filter_by", { what: field.label })}
            placeholder={chosen.length === 0 ? field.label : undefined}
            data={[...new Set([...textsOf(records, key, textOf), ...chosen])]}
            value={chosen}
            onChange={(next) => put(key, next, false)}
          />
        );
      })}
    </BlockBar>
  );
}
