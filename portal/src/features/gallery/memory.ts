/** Pages of plugins without a server: rows in memory, answers that are late, wrong or never there. For the gallery. */
import { ApiError } from "@/api/problem";
import type { Field, FileView, Me } from "@/api/types";
import type { Backend, ReadResult, SourceRow } from "@/engines/blocks/wire";
import type { FilesDoor } from "@/engines/files/door";
import type { Shape } from "@/engines/source";

export const field = (key: string, label: string, type: Field["type"], rest: Partial<Field> = {}): Field => ({
  key,
  label,
  type,
  own: false,
  required: false,
  read_only: false,
  system: false,
  sortable: true,
  filterable: true,
  ...rest,
});

export interface Table {
  fields: Field[];
  rows: SourceRow[];
  shape?: Shape;
}

/** How the sources of a sample answer. */
export type Mood = "filled" | "loading" | "empty" | "error" | "refusing";

const never = () => new Promise<never>(() => undefined);

export function memory(tables: Record<string, Table>, mood: Mood): Backend {
  const rows = new Map(Object.entries(tables).map(([name, table]) => [name, [...table.rows]]));
  let made = 0;
  const refuse = () => {
    if (mood === "refusing") {
      throw new ApiError({
        status: 422,
        code: "refused",
        detail: "The period is closed.",
        request_id: "019a-77",
      });
    }
  };
  const find = (id: string) => {
    for (const [name, held] of rows) {
      const index = held.findIndex((row) => row.id === id);
      if (index >= 0) return { name, held, index };
    }
    return undefined;
  };
  const change = (row: SourceRow, patch: Record<string, unknown>) => {
    refuse();
    const at = find(row.id);
    const next = { ...row, version: (row.version ?? 1) + 1, fields: { ...row.fields, ...patch } };
    if (at) at.held[at.index] = next;
    return { id: next.id, version: next.version, entity: row.entity ?? "", fields: next.fields };
  };
  return {
    async read({ items }) {
      if (mood === "loading") return never();
      const results = items.map(({ name }): ReadResult => {
        const table = tables[name];
        if (!table || mood === "error") {
          const detail = "The module ended before it answered.";
          return { name, status: "error", problem: { code: "plugin.trap", detail, request_id: "019a-4c1d" } };
        }
        return {
          name,
          status: "ok",
          rows: mood === "empty" ? [] : (rows.get(name) ?? []),
          fields: table.fields,
          shape: table.shape,
          refs: {},
          total: mood === "empty" ? 0 : rows.get(name)?.length,
        };
      });
      return { results };
    },
    async act({ act }) {
      refuse();
      return { patches: [{ op: "toast", text: `${act} ✓` }] };
    },
    async render() {
      const tree = {
        v: 1,
        blocks: [{ block: "notice" as const, tone: "ok" as const, text: "Made by the module" }],
      };
      return { tree, tree_hash: "rendered" };
    },
    async create(entity, fields) {
      refuse();
      made += 1;
      return { id: `made ${made}`, version: 1, entity, fields };
    },
    update: async (row, _, patch) => change(row, patch),
    async remove(row) {
      refuse();
      const at = find(row.id);
      at?.held.splice(at.index, 1);
    },
    restore: async () => undefined,
    stage: async (row, _, stage) => change(row, { stage }),
    startProcess: async () => undefined,
    completeTask: async () => undefined,
    downloadUrl: (what) => `/sample/${what.file}`,
    file: async (request) => new Blob([request.name]),
    files: sampleFiles(),
  };
}

/** Two files that can be removed, and whatever is dropped. */
function sampleFiles(): FilesDoor {
  const view = (id: string, name: string, media_type: string, size: number): FileView => ({
    id,
    entity: "deal",
    record: "d1",
    name,
    media_type,
    size,
    sha256: "",
    created_at: "2026-03-14T09:00:00Z",
    created_by: { kind: "user", name: "Олена Коваль" },
    shown: media_type !== "application/zip",
    thumbnail: false,
  });
  let held = [
    view("f1", "Договір № 118.pdf", "application/pdf", 482_133),
    view("f2", "Креслення.zip", "application/zip", 5_812_004),
  ];
  let bin: FileView[] = [];
  return {
    list: async () => held,
    removed: async () => bin,
    upload: async (_entity, _id, file) => {
      held = [view(`f${held.length + 1} ${file.name}`, file.name, file.type, file.size), ...held];
    },
    remove: async (file) => {
      bin = [file, ...bin];
      held = held.filter((one) => one.id !== file.id);
    },
    restore: async (file) => {
      bin = bin.filter((one) => one.id !== file.id);
      held = [file, ...held];
    },
    contentUrl: (id) => `/sample/${id}`,
    downloadUrl: (id) => `/sample/${id}`,
    thumbnailUrl: (id) => `/sample/${id}`,
  };
}

/** Whoever looks at the gallery. */
export const somebody = {
  user: { id: "u1", name: "Олена Коваль", email: "olena@example.org", locale: null },
  tenant: { id: "t1", name: "Верстак", currency: "UAH", locale: "uk" },
  roles: [],
  admin: false,
  operator: false,
  plugins: [],
  counters: {},
} as unknown as Me;
