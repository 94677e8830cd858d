/** A source of the page as the source of the portal's own list, board and fields: one table, one board, everywhere. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { newKey } from "@/api/client";
import type { AggregateRow, BulkResult, Field, Fields, RecordData } from "@/api/types";
import type { RowLinkProps, Shape, Source } from "@/engines/source";
import { ActionButtons, ActionMenu, useActions } from "@/engines/blocks/actions";
import { shapeOf, usePage, useSay } from "@/engines/blocks/context";
import { isComputed, plain } from "@/engines/blocks/environment";
import { sumOf } from "@/engines/blocks/expression/decimal";
import type { PageStore } from "@/engines/blocks/page-store";
import type { Action, Column } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";

export interface RowsOptions {
  /** Fields in order, and values that are computed for each row. */
  columns?: (string | Column)[];
  /** Whether fields may be edited where they stand; of a table each column says so itself. */
  edit?: boolean;
  on_open?: Action;
  row_actions?: Action[];
  bulk_actions?: Action[];
  /** The field that makes columns of a board. */
  group_by?: string;
  add?: boolean;
}

export interface Rows {
  source: Source;
  shape: Shape;
  records: RecordData[];
}

const keyOf = (column: string | Column) => (typeof column === "string" ? column : column.name);

export function useRows(name: string, options: RowsOptions): Rows {
  const page = usePage();
  const say = useSay();
  const client = useQueryClient();
  const data = page.source(name);
  const { rows } = data;
  const shape = useShape(name, options, say);
  const computed = (options.columns ?? []).filter(
    (column): column is Column => typeof column !== "string" && isComputed(column.value),
  );
  const records = useMemo(
    () =>
      (rows ?? []).map((row): RecordData => {
        const environment = page.environment({ row: { source: name, row } });
        const made = computed.map((column) => [column.name, plain(column.value, environment) ?? null]);
        return {
          id: row.id,
          version: row.version ?? 1,
          entity: row.entity ?? shape.key,
          fields: { ...row.fields, ...Object.fromEntries(made) },
        };
      }),
    // biome-ignore lint/correctness/useExhaustiveDependencies: what is computed hangs on the page as a whole
    [rows, page.snapshot(), name, shape.key],
  );
  const parts = useParts(name, options);
  const source = useMemo(
    () => ({ ...sourceOf(page, name, shape, options), ...parts }),
    // biome-ignore lint/correctness/useExhaustiveDependencies: the options are the block's and do not change
    [page, name, shape, parts],
  );
  // A board keeps its columns in the cache: rows that changed are read from the page again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the rows that matter
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ["block", page.setup.surface, name] });
  }, [rows]);
  return { source, shape, records };
}

function useShape(name: string, options: RowsOptions, say: ReturnType<typeof useSay>): Shape {
  const page = usePage();
  const data = page.source(name);
  const { columns, edit } = options;
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
        type: column.type ?? "text",
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
      title_field: first ?? known.title_field,
      fields,
      layout: columns ? { ...known.layout, list: columns.map(keyOf) } : known.layout,
    };
    // biome-ignore lint/correctness/useExhaustiveDependencies: `say` is made anew each time
  }, [name, data.shape, data.fields, columns, edit, page]);
}

/** Links and menus of the rows, as components that stay the same while the block is shown. */
function useParts(name: string, { on_open, row_actions, bulk_actions }: RowsOptions) {
  const page = usePage();
  return useMemo(() => {
    const rowOf = (id: string) => page.source(name).rows?.find((row) => row.id === id);
    const Link = ({ id, children, ...rest }: RowLinkProps) => {
      const actions = useActions();
      if (!on_open) return <span {...rest}>{children}</span>;
      return (
        <a
          href={`#${id}`}
          {...rest}
          onClick={(event) => {
            event.preventDefault();
            actions.runOn(on_open, name, id);
          }}
        >
          {children}
        </a>
      );
    };
    const RowMenu = ({ id, title }: { id: string; title: string }) => {
      const row = rowOf(id);
      return row ? (
        <ActionMenu actions={row_actions ?? []} target={{ source: name, row }} label={title} />
      ) : null;
    };
    const SelectionMenu = ({ ids }: { ids: string[] }) => {
      const rows = ids.flatMap((id) => rowOf(id) ?? []);
      return <ActionButtons actions={bulk_actions} target={{ source: name, rows }} />;
    };
    return {
      Link,
      ...(row_actions ? { RowMenu } : {}),
      ...(bulk_actions ? { SelectionMenu } : {}),
    };
  }, [page, name, on_open, row_actions, bulk_actions]);
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
        const groups = [...new Set(all().map((row) => String(row.fields[by])))];
        return groups.map(
          (group): AggregateRow => ({
            group: { [by]: group },
            values: {
              count: held(group).length,
              sum_amount: sumOf(held(group).map((row) => row.fields.amount)),
            },
          }),
        );
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
    Link: () => null,
  };
}
