/**
 * Moving, adding and removing rows of a layout. Before the first tab stands what the card's first tab holds; in each tab
 * first the sections with their fields, then lists of related records, then surfaces of modules. Pure.
 */
import type { Locale, RelatedList } from "@/api/types";

/** Below it stands what cards do not show. */
export const hiddenId = "hidden";

export type Words = Partial<Record<Locale, string>>;

export type LayoutRow =
  | { kind: "tab"; id: string; title: Words }
  | { kind: "section"; id: string; title: Words }
  | { kind: "related"; id: string; list: RelatedList }
  | { kind: "block"; id: string; name: string }
  | { kind: "hidden"; id: typeof hiddenId }
  | { kind: "field"; id: string; key: string };
export type Titled = Extract<LayoutRow, { title: Words }>;

type Kind = LayoutRow["kind"];
const heads: readonly Kind[] = ["tab", "hidden"];
const parts: readonly Kind[] = ["related", "block"];
/** What of a tab stands where. */
const order: readonly Kind[] = ["tab", "section", "related", "block"];

/** Rows of the first tab, of each other, and what is not shown. */
function groupsOf(rows: LayoutRow[]): LayoutRow[][] {
  const groups: LayoutRow[][] = [[]];
  for (const row of rows) {
    if (heads.includes(row.kind)) groups.push([]);
    groups.at(-1)?.push(row);
  }
  return groups;
}

/** Sections with their fields, and every other row by itself; fields above the first section go into it. */
function blocksOf(group: LayoutRow[]): LayoutRow[][] {
  const blocks: LayoutRow[][] = [];
  const above: LayoutRow[] = [];
  let section: LayoutRow[] | undefined;
  for (const row of group) {
    if (row.kind === "field") (section ?? above).push(row);
    else {
      const block = [row];
      blocks.push(block);
      if (row.kind === "section") section = block;
    }
  }
  if (above.length === 0) return blocks;
  const first = blocks.find(([row]) => row?.kind === "section");
  if (first) first.splice(1, 0, ...above);
  else blocks.push([sectionFor(group), ...above]);
  return blocks;
}

/** Fields stand in sections: a tab without one gets one of its name. */
function sectionFor([head]: LayoutRow[]): LayoutRow {
  const { id, title } = head?.kind === "tab" ? head : { id: "first", title: {} };
  return { kind: "section", id: `section of ${id}`, title };
}

const rank = ([row]: LayoutRow[]) => (row ? order.indexOf(row.kind) : 0);

/** Every row where its kind stands in its tab. */
export function tidied(rows: LayoutRow[]): LayoutRow[] {
  return groupsOf(rows).flatMap((group) =>
    group[0]?.kind === "hidden"
      ? group
      : blocksOf(group)
          .map((block, index) => ({ block, index }))
          .sort((a, b) => rank(a.block) - rank(b.block) || a.index - b.index)
          .flatMap(({ block }) => block),
  );
}

/** A tab with all of it, a section with its fields, any other row alone. */
function blockAt(rows: LayoutRow[], id: string): LayoutRow[] {
  const at = rows.findIndex((one) => one.id === id);
  const row = rows[at];
  if (row?.kind !== "tab" && row?.kind !== "section") return row ? [row] : [];
  const ends = (one: LayoutRow) => (row.kind === "tab" ? heads.includes(one.kind) : one.kind !== "field");
  const end = rows.findIndex((one, index) => index > at && ends(one));
  return rows.slice(at, end < 0 ? rows.length : end);
}

/** Where a row that heads others goes: beside the one of its kind that the target stands in. */
function placeBeside(rest: LayoutRow[], row: LayoutRow, at: number, side: "before" | "after"): number {
  const stops: readonly Kind[] = row.kind === "tab" ? heads : ["section", "tab", "hidden"];
  const head = rest.slice(0, at + 1).findLastIndex((one) => stops.includes(one.kind));
  const found = rest[head];
  if (!found) {
    // Among the rows of the first tab: a tab stands below all of them.
    if (row.kind !== "tab") return 0;
    const first = rest.findIndex((one) => heads.includes(one.kind));
    return first < 0 ? rest.length : first;
  }
  if (found.kind === "hidden") return head;
  if (found.kind === row.kind) return side === "after" ? head + blockAt(rest, found.id).length : head;
  // A section above the name of a tab ends the tab before it; elsewhere in a tab without sections it is the first.
  return side === "before" && head === at ? head : head + 1;
}

/** Where a field goes: fields stand in sections, so that a step over a list or over the name of a tab leads into the next. */
function placeOfField(rest: LayoutRow[], at: number, side: "before" | "after", isStep: boolean): number {
  if (side === "before") return rest[at - 1]?.kind === "tab" ? at - 1 : Math.max(at, 1);
  const over = isStep && parts.includes(rest[at]?.kind ?? "field");
  const end = over ? rest.findIndex((one, index) => index > at && !parts.includes(one.kind)) : at;
  return end + 1;
}

/**
 * A section moves with its fields, a tab with all of it, one step down past the one below; what is not shown stays at the
 * end. What would stand above the first section stands first in it. The first tab keeps a section.
 */
export function movedRow(rows: LayoutRow[], id: string, next: string, side: "before" | "after"): LayoutRow[] {
  const row = rows.find((one) => one.id === id);
  if (!row || row.kind === "hidden" || id === next) return rows;
  const block = blockAt(rows, id);
  const rest = rows.filter((one) => !block.includes(one));
  const inside = block.some((one) => one.id === next);
  const target = inside && side === "after" ? rows[rows.indexOf(row) + block.length]?.id : next;
  let at = rest.findIndex((one) => one.id === target);
  if (at < 0) return rows;
  const hidden = rest.findIndex((one) => one.kind === "hidden");
  if (row.kind === "tab" || row.kind === "section") at = placeBeside(rest, row, at, side);
  else if (row.kind !== "field") at = Math.min(side === "after" ? at + 1 : at, hidden);
  else at = placeOfField(rest, at, side, rows[rows.indexOf(row) + 1]?.id === next);
  const moved = tidied([...rest.slice(0, at), ...block, ...rest.slice(at)]);
  return groupsOf(moved)[0]?.some((one) => one.kind === "section") ? moved : rows;
}

/** Out of sight, or back at the end of the first tab's last section. */
export function toggled(rows: LayoutRow[], id: string): LayoutRow[] {
  const row = rows.find((one) => one.id === id);
  if (row?.kind !== "field") return rows;
  const shown = rows.indexOf(row) < rows.findIndex((one) => one.kind === "hidden");
  const rest = rows.filter((one) => one !== row);
  const at = shown
    ? rest.findIndex((one) => one.kind === "hidden") + 1
    : rest.findIndex((one) => heads.includes(one.kind));
  return tidied([...rest.slice(0, at), row, ...rest.slice(at)]);
}

/** Whether a section may go: the first tab keeps one. */
export const mayGo = (rows: LayoutRow[], row: LayoutRow) =>
  groupsOf(rows)[0]?.some((one) => one.kind === "section" && one.id !== row.id) ?? false;

/**
 * A section goes; its fields go to the one above in its tab, of the first one to the one below, of the only one to the
 * first tab.
 */
export function withoutSection(rows: LayoutRow[], id: string): LayoutRow[] {
  const group = groupsOf(rows).find((one) => one.some((row) => row.id === id)) ?? [];
  const row = group.find((one) => one.id === id);
  if (!row || !mayGo(rows, row)) return rows;
  const fields = blockAt(rows, id).slice(1);
  if (group.some((one) => one.kind === "section" && one !== row)) {
    return tidied(rows.filter((one) => one !== row));
  }
  const rest = rows.filter((one) => one !== row && !fields.includes(one));
  return intoFirst(rest, fields);
}

/** At the end of the first tab. */
function intoFirst(rows: LayoutRow[], more: LayoutRow[]): LayoutRow[] {
  const at = rows.findIndex((one) => heads.includes(one.kind));
  return tidied([...rows.slice(0, at), ...more, ...rows.slice(at)]);
}

/** A tab goes; what stands in it goes to the end of the first one. */
export function withoutTab(rows: LayoutRow[], id: string): LayoutRow[] {
  const [tab, ...held] = blockAt(rows, id);
  const rest = rows.filter((one) => one !== tab && !held.includes(one));
  return intoFirst(rest, held);
}

/** A list or a surface goes. */
export const withoutRow = (rows: LayoutRow[], id: string): LayoutRow[] => rows.filter((one) => one.id !== id);

/** A new row stands last of what is shown. */
export function withRow(rows: LayoutRow[], row: LayoutRow): LayoutRow[] {
  const at = rows.findIndex((one) => one.kind === "hidden");
  return tidied([...rows.slice(0, at), row, ...rows.slice(at)]);
}

/** The same row, said otherwise. */
export const withChanged = (rows: LayoutRow[], row: LayoutRow): LayoutRow[] =>
  rows.map((one) => (one.id === row.id ? row : one));
