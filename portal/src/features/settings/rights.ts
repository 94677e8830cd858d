/** The editor of a role's rights: rows as a person edits them and as the server takes them. Pure. */
import type {
  AccessRow,
  Action,
  Entity,
  FieldRight,
  Filter,
  ProcessAction,
  ProcessRights,
  Role,
} from "@/api/types";

export const actions: Action[] = ["read", "create", "update", "delete"];
export const anyEntity = "*";
export const processActions: ProcessAction[] = ["start", "see", "operate", "design", "publish"];

/** What grants nothing on processes. */
const noProcesses: ProcessRights = { definitions: {}, messages: [], signals: [] };

export interface Draft {
  key: string;
  name: string;
  admin: boolean;
  rows: AccessRow[];
  fields: FieldRight[];
  processes: ProcessRights;
}

/** A role's rows in a steady order: by entity as in the catalogue, grants before narrowings. */
export function draftOf(role: Role | undefined, entities: Entity[]): Draft {
  if (!role) return { key: "", name: "", admin: false, rows: [], fields: [], processes: noProcesses };
  const place = (entity: string) => {
    const index = entities.findIndex(({ key }) => key === entity);
    return index < 0 ? (entity === anyEntity ? -1 : entities.length) : index;
  };
  const rank = (row: AccessRow) => (row.kind === "permission" ? 0 : 1);
  const first = (row: AccessRow) => actions.findIndex((action) => row.actions.includes(action));
  return {
    key: role.key,
    name: role.name,
    admin: role.admin,
    rows: role.rows.toSorted(
      (a, b) =>
        place(a.entity) - place(b.entity) ||
        a.entity.localeCompare(b.entity) ||
        rank(a) - rank(b) ||
        first(a) - first(b),
    ),
    fields: role.field_rights.toSorted(
      (a, b) => place(a.entity) - place(b.entity) || a.field.localeCompare(b.field),
    ),
    processes: { ...noProcesses, ...role.processes },
  };
}

const replace = <T>(list: T[], index: number, item: T) => list.map((old, at) => (at === index ? item : old));

export function changeRow(rows: AccessRow[], index: number, change: Partial<AccessRow>): AccessRow[] {
  const old = rows[index];
  if (!old) return rows;
  const next: AccessRow = { ...old, ...change };
  // A filter speaks of the fields of one entity.
  if (next.entity !== old.entity) delete next.filter;
  // So speaks only a permission for all of them.
  if (next.entity !== anyEntity || next.kind === "restriction") delete next.covers;
  return replace(rows, index, next);
}

export function setFilter(rows: AccessRow[], index: number, filter: Filter | undefined): AccessRow[] {
  const old = rows[index];
  if (!old) return rows;
  const { filter: _, ...rest } = old;
  return replace(rows, index, filter ? { ...rest, filter } : rest);
}

export function toggleAction(rows: AccessRow[], index: number, action: Action, on: boolean): AccessRow[] {
  const old = rows[index];
  if (!old) return rows;
  const chosen = actions.filter((one) => (one === action ? on : old.actions.includes(one)));
  return replace(rows, index, { ...old, actions: chosen });
}

export function changeField(fields: FieldRight[], index: number, change: Partial<FieldRight>): FieldRight[] {
  const old = fields[index];
  if (!old) return fields;
  const next = { ...old, ...change };
  if (next.entity !== old.entity) next.field = "";
  return replace(fields, index, next);
}

export const without = <T>(list: T[], index: number): T[] => list.filter((_, at) => at !== index);

/** More than this many rules are folded, and found by name. */
const few = 8;
export const manyRows = (rows: AccessRow[]) => rows.length > few;

const plain = (text: string) => text.trim().toLocaleLowerCase();

/** Places of the rows whose entity is called so, in their order; all of them while nothing is looked for. */
export function foundRows(rows: AccessRow[], names: ReadonlyMap<string, string>, text: string): number[] {
  const sought = plain(text);
  return rows.flatMap(({ entity }, index) =>
    plain(names.get(entity) ?? entity).includes(sought) || entity.includes(sought) ? [index] : [],
  );
}

/** The entity that somebody looks for: called just so, else the first whose name begins so, else has it. */
export function foundEntity(names: ReadonlyMap<string, string>, text: string): string | undefined {
  const sought = plain(text);
  if (!sought) return undefined;
  const all = [...names].map(([key, name]) => ({ key, name: plain(name) }));
  const one =
    all.find(({ name }) => name === sought) ??
    all.find(({ name }) => name.startsWith(sought)) ??
    all.find(({ name }) => name.includes(sought));
  return one?.key;
}

/** Whether a row names the entities it covers. */
export const isCovering = (row: AccessRow) => row.entity === anyEntity && row.kind === "permission";

/** Rows that would do nothing: no action chosen. They are not sent. */
export const isIdle = (row: AccessRow) => row.actions.length === 0;

/** What is sent; idle rows and unfinished or repeated field rights fall away, the last of a field counts. */
export function toInput(draft: Draft, created: boolean) {
  const fields = new Map<string, FieldRight>();
  for (const right of draft.fields) if (right.field) fields.set(`${right.entity}.${right.field}`, right);
  return {
    ...(created ? { key: draft.key.trim() } : {}),
    name: draft.name.trim(),
    admin: draft.admin,
    rows: draft.rows.filter((row) => !isIdle(row)),
    field_rights: [...fields.values()],
    processes: draft.processes,
  };
}

/** A key for a new role out of its name: Latin letters, digits, underscores. */
export function keyOf(name: string): string {
  const latin: Record<string, string> = {
    а: "a",
    б: "b",
    в: "v",
    г: "g",
    ґ: "g",
    д: "d",
    е: "e",
    є: "ie",
    ё: "e",
    ж: "zh",
    з: "z",
    и: "i",
    і: "i",
    ї: "i",
    й: "i",
    к: "k",
    л: "l",
    м: "m",
    н: "n",
    о: "o",
    п: "p",
    р: "r",
    с: "s",
    т: "t",
    у: "u",
    ф: "f",
    х: "kh",
    ц: "ts",
    ч: "ch",
    ш: "sh",
    щ: "shch",
    ы: "y",
    э: "e",
    ю: "iu",
    я: "ia",
    ь: "",
    ъ: "",
  };
  return [...name.toLowerCase()]
    .map((letter) => latin[letter] ?? letter)
    .join("")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60);
}

/** Whether a role lets its people see records of an entity. */
export function sees(role: Role, entity: string): boolean {
  if (role.admin) return true;
  return role.rows.some(
    (row) =>
      row.kind === "permission" &&
      row.actions.includes("read") &&
      (row.entity === entity || (row.entity === anyEntity && (!row.covers || row.covers.includes(entity)))),
  );
}
