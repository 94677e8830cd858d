/**
 * A layout as rows that people arrange: sections with their fields below them, at the end what is not shown. Pure.
 */
import type { LayoutSpec } from "@/api/layouts";
import type { Entity, Id, Locale } from "@/api/types";

/** Below it stands what cards do not show. */
export const hiddenId = "hidden";

export type LayoutRow =
  | { kind: "section"; id: string; title: Partial<Record<Locale, string>> }
  | { kind: "hidden"; id: typeof hiddenId }
  | { kind: "field"; id: string; key: string };

export interface LayoutDraft {
  rows: LayoutRow[];
  list: string[];
  card: string[];
  form: string[];
}

/** What somebody has arranged and not saved. */
export interface Arranging {
  /** The save that it began with; none: the product's arrangement. */
  over?: Id;
  /** None: nothing was touched. */
  draft?: LayoutDraft;
  /** What was arranged before somebody else's save was looked at. */
  aside?: LayoutDraft;
}

/** Something was touched, while this save was shown. */
export const touched = (held: Arranging, saved: Id | undefined, draft: LayoutDraft): Arranging =>
  held.draft ? { ...held, draft } : { ...held, over: saved, draft };

/** Whether somebody else has saved since. */
export const isOutrun = ({ draft, over }: Arranging, saved: Id | undefined) =>
  draft !== undefined && over !== saved;

/** Somebody else's save is looked at; what was arranged is kept. */
export const withTheirs = ({ draft }: Arranging): Arranging => ({ aside: draft });

/** What was kept is arranged on, over the save that was looked at. */
export const withMine = ({ aside }: Arranging, saved: Id | undefined): Arranging => ({
  over: saved,
  draft: aside,
});

/** What is left after a save of `sent`: what was arranged while it ran goes on, over that save. */
export const afterSave = (
  held: Arranging,
  sent: LayoutDraft | undefined,
  saved: Id | undefined,
): Arranging => (held.draft === sent ? {} : { over: saved, draft: held.draft });

const fieldRow = (key: string): LayoutRow => ({ kind: "field", id: `field ${key}`, key });
export const sectionRow = (id: string, title: Partial<Record<Locale, string>>): LayoutRow => ({
  kind: "section",
  id: `section ${id}`,
  title,
});

/** What was saved, else how the entity stands now, with its names in every language. Fields that are gone are left out. */
export function draftOf(entity: Entity, saved: LayoutSpec | undefined, locale: Locale): LayoutDraft {
  const now = entity.layout.sections.map(({ title, titles, fields }) => ({
    title: titles ?? { [locale]: title },
    fields,
  }));
  const sections = saved?.sections ?? now;
  const there = new Set(entity.fields.map(({ key }) => key));
  const kept = (keys: string[] | undefined) => (keys ?? []).filter((key) => there.has(key));
  const placed = new Set(sections.flatMap(({ fields }) => fields));
  const rows = sections.flatMap(({ title, fields }, index) => [
    sectionRow(String(index), title),
    // The title stands above all sections.
    ...kept(fields)
      .filter((key) => key !== entity.title_field)
      .map(fieldRow),
  ]);
  const left = entity.fields.filter(({ key }) => key !== entity.title_field && !placed.has(key));
  return {
    rows: [...rows, { kind: "hidden", id: hiddenId }, ...left.map(({ key }) => fieldRow(key))],
    list: kept((saved ?? entity.layout).list),
    card: kept((saved ?? entity.layout).card),
    form: kept(saved?.form),
  };
}

/** A draft that was kept a while: without fields that are gone, new ones not shown. */
export function presentIn(entity: Entity, draft: LayoutDraft): LayoutDraft {
  const there = new Set(entity.fields.map(({ key }) => key));
  const kept = (keys: string[]) => keys.filter((key) => there.has(key));
  const rows = draft.rows.filter((row) => row.kind !== "field" || there.has(row.key));
  const placed = new Set(rows.map(({ id }) => id));
  const fresh = entity.fields
    .filter(({ key }) => key !== entity.title_field)
    .map(({ key }) => fieldRow(key))
    .filter(({ id }) => !placed.has(id));
  return {
    rows: [...rows, ...fresh],
    list: kept(draft.list),
    card: kept(draft.card),
    form: kept(draft.form),
  };
}

export function specOf({ rows, list, card, form }: LayoutDraft): LayoutSpec {
  const sections: LayoutSpec["sections"] = [];
  for (const row of rows) {
    if (row.kind === "hidden") break;
    if (row.kind === "section") sections.push({ title: filled(row.title), fields: [] });
    else sections.at(-1)?.fields.push(row.key);
  }
  return { sections, list, card, form };
}

const filled = (title: Partial<Record<Locale, string>>) =>
  Object.fromEntries(Object.entries(title).filter(([, text]) => text?.trim())) as Record<string, string>;

/**
 * A section moves with its fields, one step down past the section below; what is not shown stays at the end. What would
 * stand above the first section stands first in it.
 */
export function movedRow(rows: LayoutRow[], id: string, next: string, side: "before" | "after"): LayoutRow[] {
  const row = rows.find((one) => one.id === id);
  if (!row || row.kind === "hidden" || id === next) return rows;
  const block = row.kind === "section" ? blockAt(rows, id) : [row];
  const rest = rows.filter((one) => !block.includes(one));
  const inside = block.some((one) => one.id === next);
  const target = inside && side === "after" ? rows[rows.indexOf(row) + block.length]?.id : next;
  let at = rest.findIndex((one) => one.id === target);
  if (at < 0) return rows;
  if (row.kind === "section") {
    // Beside the section that the target stands in.
    const head = rest.slice(0, at + 1).findLastIndex((one) => one.kind !== "field");
    const below = side === "after" && rest[head]?.kind === "section";
    at = below ? head + blockAt(rest, rest[head]?.id ?? "").length : head;
  } else if (side === "after" || at === 0) {
    at += 1;
  }
  return [...rest.slice(0, at), ...block, ...rest.slice(at)];
}

/** A section with its fields. */
function blockAt(rows: LayoutRow[], id: string): LayoutRow[] {
  const at = rows.findIndex((one) => one.id === id);
  const end = rows.findIndex((one, index) => index > at && one.kind !== "field");
  return rows.slice(at, end < 0 ? rows.length : end);
}

/** Out of sight, or back at the end of the last section. */
export function toggled(rows: LayoutRow[], id: string): LayoutRow[] {
  const row = rows.find((one) => one.id === id);
  if (row?.kind !== "field") return rows;
  const shown = rows.indexOf(row) < rows.findIndex((one) => one.kind === "hidden");
  const rest = rows.filter((one) => one !== row);
  const hidden = rest.findIndex((one) => one.kind === "hidden");
  const at = shown ? hidden + 1 : hidden;
  return [...rest.slice(0, at), row, ...rest.slice(at)];
}

/** A section goes; its fields go to the one above, of the first to the one below. The last one stays. */
export function withoutSection(rows: LayoutRow[], id: string): LayoutRow[] {
  const sections = rows.filter((one) => one.kind === "section");
  if (sections.length < 2) return rows;
  const block = blockAt(rows, id);
  if (rows[0]?.id !== id) return rows.filter((one) => one.id !== id);
  const rest = rows.filter((one) => !block.includes(one));
  return [...rest.slice(0, 1), ...block.slice(1), ...rest.slice(1)];
}

/** A new section stands last, empty. */
export function withSection(rows: LayoutRow[], row: LayoutRow): LayoutRow[] {
  const at = rows.findIndex((one) => one.kind === "hidden");
  return [...rows.slice(0, at), row, ...rows.slice(at)];
}
