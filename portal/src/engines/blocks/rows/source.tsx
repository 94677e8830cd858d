/** A source of the page as the source of the portal's own list, board and fields: one table, one board, everywhere. */
import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, createContext, type ReactNode, use, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import type { AggregateRow, BulkResult, Field, Fields, RecordData } from "@/api/types";
import { ActionButtons, ActionMenu, useActions, useSwipes } from "@/engines/blocks/actions";
import { shapeOf, usePage, useSay } from "@/engines/blocks/context";
import { plain } from "@/engines/blocks/environment";
import { sumOf } from "@/engines/blocks/expression/decimal";
import type { PageStore } from "@/engines/blocks/page-store";
import type { Action, Column, ShownAs, Text } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import type { RowLinkProps, Shape, Source, ValueProps } from "@/engines/source";
import { SwipeRow } from "@/ui/swipe-row";

export interface RowsOptions {
  /** Of the block: what the table is called for those who do not see it. */
  title?: Text;
  /** Fields in order, and values that are computed for each row. */
  columns?: (string | Column)[];
  /** Whether fields may be edited where they stand; of a table each column says so itself. */
  edit?: boolean;
  on_open?: Action;
  /** Draws columns of a kind of their own. */
  Value?: ComponentType<ValueProps>;
  row_actions?: Action[];
  bulk_actions?: Action[];
  /** The field that makes columns of a board. */
  group_by?: string;
  /** The field whose sum stands over each of them. */
  sum?: string;
  add?: boolean;
}

export interface Rows {
  source: Source;
  shape: Shape;
  records: RecordData[];
}

/** Ways to show a value that are no field types. */
const isShown = (type: NonNullable<Column["type"]>): type is ShownAs => shownAs.has(type);
const shownAs = new Set<string>(["elapsed", "audio", "progress", "badge"] satisfies ShownAs[]);

const keyOf = (column: string | Column) => (typeof column === "string" ? column : column.name);

export function useRows(name: string, options: RowsOptions): Rows {
  const page = usePage();
  const say = useSay();
  const client = useQueryClient();
  const data = page.source(name);
  const { rows } = data;
  const shape = useShape(name, options, say);
  const version = page.snapshot();
  const { columns } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is computed hangs on the page as a whole: its version
  const records = useMemo(() => {
    const computed = (columns ?? []).filter(
      (column): column is Column => typeof column !== "string" && column.value !== undefined,
    );
    return (rows ?? []).map((row): RecordData => {
      const environment = page.environment({ row: { source: name, row } });
      const made = computed.map((column) => [column.name, plain(column.value, environment) ?? null]);
      return {
        id: row.id,
        version: row.version ?? 1,
        entity: row.entity ?? shape.key,
        fields: { ...row.fields, ...Object.fromEntries(made) },
      };
    });
  }, [rows, version, page, name, shape.key, columns]);
  const source = useMemo(() => sourceOf(page, name, shape, options), [page, name, shape, options]);
  // A board keeps its columns in the cache: rows that changed are read from the page again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the rows that matter
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ["block", page.setup.surface, name] });
  }, [rows]);
  return { source, shape, records };
}

function useShape(name: string, options: RowsOptions, say: ReturnType<typeof useSay>): Shape {
  const page = usePage();
  const { t } = useTranslation("blocks");
  const data = page.source(name);
  const { columns, edit, title } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `say` is made anew each time, and the rows are nothing here
  return useMemo(() => {
    const known = shapeOf(name, data);
    const asked = new Map((columns ?? []).map((column) => [keyOf(column), column]));
    const locked = (key: string) => {
      const column = asked.get(key);
      return columns ? !(typeof column === "object" && column.edit) : !edit;
    };
    const fields = known.fields.map((field): Field => {
      const column = asked.get(field.key);
      const label = typeof column === "object" && column.label ? say(column.label) : field.label;
      return { ...field, label, read_only: field.read_only || locked(field.key), sortable: false };
    });
    for (const column of asked.values()) {
      if (typeof column === "string" || known.fields.some(({ key }) => key === column.name)) continue;
      fields.push({
        key: column.name,
        label: column.label ? say(column.label) : column.name,
        type: column.type && !isShown(column.type) ? column.type : "text",
        own: false,
        required: false,
        read_only: true,
        system: false,
        sortable: false,
        filterable: false,
      });
    }
    const first = columns?.[0] && keyOf(columns[0]);
    return {
      ...known,
      // The key names kept widths and drafts: a page's own.
      key: `${page.setup.plugin}.${page.setup.surface}.${name}`,
      // A source of a plugin has a name for its author alone.
      label_plural: say(title) || data.shape?.label_plural || t("table"),
      title_field: first ?? known.title_field,
      fields,
      layout: columns ? { ...known.layout, list: columns.map(keyOf) } : known.layout,
    };
  }, [name, data.shape, data.fields, columns, edit, title, page, t]);
}

/** What the links and menus of rows do: the block's actions over its source. */
export const RowsContext = createContext<RowsOptions & { name: string }>({ name: "" });

/** Goes around the list or the board of a source. */
export function RowsScope({
  name,
  options,
  children,
}: {
  name: string;
  options: RowsOptions;
  children: ReactNode;
}) {
  const value = useMemo(() => ({ ...options, name }), [name, options]);
  return <RowsContext value={value}>{children}</RowsContext>;
}

/** Where rows are records and the block says nothing else, a row opens its record. */
function recordOf(page: PageStore, name: string, id: string) {
  const spec = page.setup.tree.sources?.[name];
  if (!page.setup.onOpen || !spec || !("records" in spec || "record" in spec)) return undefined;
  const row = page.source(name).rows?.find((one) => one.id === id);
  const entity = row && page.entityOf(name, row);
  return entity && page.setup.can?.(entity, "read") !== false ? { record: id, entity } : undefined;
}

export function RowLink({ id, children, ...rest }: RowLinkProps) {
  const { name, on_open } = use(RowsContext);
  const page = usePage();
  const actions = useActions();
  const record = on_open ? undefined : recordOf(page, name, id);
  if (!on_open && !record) return <span {...rest}>{children}</span>;
  return (
    <a
      href={record ? `/records/${record.entity}/${id}` : `#${id}`}
      {...rest}
      onClick={(event) => {
        // A record has an address of its own: another tab is the browser's to open.
        if (record && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
        event.preventDefault();
        if (on_open) actions.runOn(on_open, name, id);
        else if (record) page.setup.onOpen?.(record);
      }}
    >
      {children}
    </a>
  );
}

function RowMenu({ id, title }: { id: string; title: string }) {
  const { t } = useTranslation("blocks");
  const { name, row_actions = [] } = use(RowsContext);
  const row = usePage()
    .source(name)
    .rows?.find((one) => one.id === id);
  return row ? (
    <ActionMenu
      actions={row_actions}
      target={{ source: name, row }}
      label={t("actions_of", { what: title })}
    />
  ) : null;
}

function RowSwipe({ id, off, children }: { id: string; off: boolean; children: ReactNode }) {
  const { name, row_actions } = use(RowsContext);
  const row = usePage()
    .source(name)
    .rows?.find((one) => one.id === id);
  const sides = useSwipes(row && !off ? row_actions : undefined, { source: name, row });
  return <SwipeRow {...sides}>{children}</SwipeRow>;
}

function SelectionMenu({ ids, onDone }: { ids: string[]; onDone?(refused: string[]): void }) {
  const { name, bulk_actions } = use(RowsContext);
  const all = usePage().source(name).rows ?? [];
  return (
    <ActionButtons
      actions={bulk_actions}
      target={{ source: name, rows: all.filter(({ id }) => ids.includes(id)), onDone }}
    />
  );
}

function sourceOf(page: PageStore, name: string, shape: Shape, options: RowsOptions): Source {
  const all = () => page.source(name).rows ?? [];
  const record = (row: SourceRow): RecordData => ({
    id: row.id,
    version: row.version ?? 1,
    entity: row.entity ?? shape.key,
    fields: row.fields,
  });
  const find = (id: string): SourceRow => all().find((row) => row.id === id) ?? { id, fields: {} };
  const key = ["block", page.setup.surface, name];
  const held = (column: string | undefined) =>
    all().filter((row) => column === undefined || row.fields[options.group_by ?? "stage"] === column);
  const save = async (id: string, patch: Fields) => {
    await page.save(name, find(id), patch);
    return record(find(id));
  };
  return {
    shape,
    pages: (query, column) => ({
      queryKey: [...key, column ?? "", query],
      read: async () => ({
        items: held(column).map(record),
        next_cursor: null,
        total: held(column).length,
        refs: page.source(name).refs ?? {},
      }),
    }),
    totals: (query) => ({
      queryKey: [...key, "totals", query],
      async read() {
        const by = options.group_by ?? "stage";
        const { sum } = options;
        const groups = new Map<string, SourceRow[]>();
        for (const row of all()) {
          const key = JSON.stringify([String(row.fields[by]), row.fields.currency ?? null]);
          groups.set(key, [...(groups.get(key) ?? []), row]);
        }
        return [...groups].map(([key, members]): AggregateRow => {
          const [group, currency] = JSON.parse(key) as [string, string | null];
          return {
            group: { [by]: group, currency },
            values: {
              count: members.length,
              sum_amount: sum ? sumOf(members.map((row) => row.fields[sum])) : 0,
            },
          };
        });
      },
    }),
    portion: async () => ({
      items: all().map(record),
      next_cursor: null,
      refs: page.source(name).refs ?? {},
    }),
    save: (base, patch) => save(base.id, patch),
    accept: (accepted) => page.take(name, accepted),
    async move(id, to) {
      const by = options.group_by ?? "stage";
      const row = find(id);
      if (shape.fields.find((field) => field.key === by)?.type !== "stage") return save(id, { [by]: to });
      return page.setup.backend.stage(row, page.entityOf(name, row), to);
    },
    async create(fields) {
      return record(await page.create(name, page.source(name).shape?.key ?? shape.key, fields));
    },
    async bulk(request) {
      const results: BulkResult[] = [];
      for (const [index, one] of (request.update ?? []).entries()) {
        try {
          await save(one.id, one.fields ?? {});
          results.push({ index, id: one.id, status: "updated" });
        } catch (error) {
          const detail = error instanceof Error ? error.message : "";
          results.push({ index, id: one.id, status: "refused", code: "refused", detail });
        }
      }
      for (const [index, id] of (Array.isArray(request.delete) ? request.delete : []).entries()) {
        await page.remove(name, find(id));
        results.push({ index, id, status: "deleted" });
      }
      return { batch: newKey(), results };
    },
    undo: async () => ({ restored: 0, kept_total: 0 }),
    show: (id, patch) =>
      void page.sources.show(name, (shown) =>
        shown.map((row) => (row.id === id ? { ...row, fields: { ...row.fields, ...patch } } : row)),
      ),
    refresh: () => page.sources.refresh([name]),
    // What changes elsewhere comes with the page's own sources.
    changes: () => () => undefined,
    Link: RowLink,
    ...(options.Value ? { Value: options.Value } : {}),
    ...(options.row_actions ? { RowMenu } : {}),
    ...(options.row_actions?.some(({ swipe }) => swipe) ? { RowSwipe } : {}),
    ...(options.bulk_actions ? { SelectionMenu } : {}),
  };
}
