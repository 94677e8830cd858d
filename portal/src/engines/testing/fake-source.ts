/** A source that is no record of the CRM: machines in a workshop, kept in memory. For the engines' tests. */
import type { AggregateRow, BulkResult, Field, Fields, Id, RecordData } from "@/api/types";
import type { RowChange, Shape, Source } from "@/engines/source";

export const field = (key: string, type: Field["type"], rest: Partial<Field> = {}): Field => ({
  key,
  label: key,
  type,
  required: false,
  read_only: false,
  system: false,
  own: false,
  sortable: true,
  filterable: true,
  ...rest,
});

export const shape: Shape = {
  key: "workshop.machine",
  label: "Machine",
  label_plural: "Machines",
  title_field: "name",
  actions: { read: true, create: true, update: true, delete: true },
  fields: [
    field("name", "text", { required: true }),
    field("state", "choice"),
    field("hours", "integer"),
    field("phones", "phones"),
  ],
  pipelines: [],
  layout: { list: ["state", "hours"], card: ["hours"], sections: [] },
};

export const machine = (id: Id, state: string, rest: Fields = {}, version = 1): RecordData => ({
  id,
  version,
  entity: shape.key,
  fields: { name: `Machine ${id}`, state, hours: 0, ...rest },
});

export interface Workshop extends Source {
  rows: RecordData[];
  /** What the engine did, in order: `save a`, `move a running` ... */
  calls: string[];
  /** The next write fails with this. */
  failure: Error | undefined;
  tell(change: RowChange): void;
}

const NoLink = () => null;

export function workshop(rows: RecordData[]): Workshop {
  const listeners = new Set<(change: RowChange) => void>();
  const write = async (call: string, id: Id, patch: Fields): Promise<RecordData> => {
    source.calls.push(call);
    if (source.failure) {
      const error = source.failure;
      source.failure = undefined;
      throw error;
    }
    const at = source.rows.findIndex((row) => row.id === id);
    const old = source.rows[at] ?? machine(id, "idle");
    const next = { ...old, version: old.version + 1, fields: { ...old.fields, ...patch } };
    source.rows = at < 0 ? [...source.rows, next] : source.rows.with(at, next);
    return next;
  };
  const wanted = (column: string | undefined) =>
    source.rows.filter((row) => column === undefined || row.fields.state === column);
  const source: Workshop = {
    rows,
    calls: [],
    failure: undefined,
    shape,
    pages: (query, column) => ({
      queryKey: ["machines", column ?? "", query],
      async read(cursor) {
        const all = wanted(column);
        const from = Number(cursor ?? 0);
        const to = from + (query.limit ?? 50);
        return {
          items: all.slice(from, to),
          next_cursor: to < all.length ? String(to) : null,
          total: query.total ? all.length : undefined,
          refs: {},
        };
      },
    }),
    totals: (query) => ({
      queryKey: ["machine totals", query],
      async read() {
        const states = [...new Set(source.rows.map((row) => String(row.fields.state)))];
        return states.map(
          (state): AggregateRow => ({ group: { state }, values: { count: wanted(state).length } }),
        );
      },
    }),
    portion: (query) => source.pages(query).read(query.cursor ?? null, new AbortController().signal),
    save: (base, patch) => write(`save ${base.id} ${JSON.stringify(patch)}`, base.id, patch),
    move: (id, state) => write(`move ${id} ${state}`, id, { state }),
    create: (fields, key) => write(`create ${key}`, `new ${source.rows.length}`, fields),
    accept: (record) => void source.calls.push(`accept ${record.id} v${record.version}`),
    async bulk(request) {
      const ids = [
        ...(request.update ?? []).map((one) => one.id),
        ...(Array.isArray(request.delete) ? request.delete : []),
      ];
      source.calls.push(`bulk ${ids.join(" ")}`);
      const results = ids.map((id, index): BulkResult => {
        const broken = source.rows.find((row) => row.id === id)?.fields.state === "broken";
        return broken
          ? { index, id, status: "refused", code: "broken", detail: "It is broken." }
          : { index, id, status: "updated" };
      });
      return { batch: `batch ${source.calls.length}`, results };
    },
    undo: async () => ({ restored: 0, kept_total: 0 }),
    show: (id, patch) => void source.calls.push(`show ${id} ${JSON.stringify(patch)}`),
    refresh: () => void source.calls.push("refresh"),
    changes(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(change) {
      for (const listener of listeners) listener(change);
    },
    Link: NoLink,
  };
  return source;
}
