/**
 * A layout as rows that people arrange: sections with their fields below them, lists of related records and surfaces of
 * modules, tabs with the same below them, at the end what is not shown. Pure; what moving does: `layout-rows`.
 */
import type { LayoutSpec } from "@/api/layouts";
import type { Entity, Id, Locale, RelatedList } from "@/api/types";
import { hiddenId, type LayoutRow, type Titled, tidied, type Words } from "./layout-rows";

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
export const sectionRow = (id: string, title: Words): Titled => ({
  kind: "section",
  id: `section ${id}`,
  title,
});
export const tabRow = (id: string, title: Words): Titled => ({ kind: "tab", id: `tab ${id}`, title });
export const relatedRow = (list: RelatedList): LayoutRow => ({
  kind: "related",
  id: `related ${list.entity}.${list.via}`,
  list,
});
export const blockRow = (name: string): LayoutRow => ({ kind: "block", id: `block ${name}`, name });

/** What stands in a tab, of a save or of the card as it is. */
interface Part {
  sections?: { title: Words; fields: string[] }[];
  related?: RelatedList[];
  blocks?: string[];
}

/** The card as it stands, with its names in every language. */
function standing({ layout }: Entity, locale: Locale): Part & { tabs: (Part & { title: Words })[] } {
  const words = ({ title, titles }: { title: string; titles?: Words }): Words =>
    titles ?? { [locale]: title };
  const part = ({
    sections,
    related,
    blocks,
  }: Pick<Entity["layout"], "sections" | "related" | "blocks">) => ({
    sections: sections.map((section) => ({ title: words(section), fields: section.fields })),
    related,
    blocks,
  });
  return {
    ...part(layout),
    tabs: (layout.tabs ?? []).map((tab) => ({ ...part(tab), title: words(tab) })),
  };
}

/**
 * What was saved, else how the entity stands now, with its names in every language. Fields that are gone are left out.
 * `links`: whether a list of related records can (still) be shown.
 */
export function draftOf(
  entity: Entity,
  saved: LayoutSpec | undefined,
  locale: Locale,
  links: (list: RelatedList) => boolean = () => true,
): LayoutDraft {
  const { tabs = [], ...first }: Part & { tabs?: (Part & { title: Words })[] } =
    saved ?? standing(entity, locale);
  const there = new Set(entity.fields.map(({ key }) => key));
  const kept = (keys: string[] | undefined) => (keys ?? []).filter((key) => there.has(key));
  let number = 0;
  const rowsOf = ({ sections = [], related = [], blocks = [] }: Part): LayoutRow[] => [
    ...sections.flatMap(({ title, fields }) => [
      sectionRow(String(number++), title),
      // The title stands above all sections.
      ...kept(fields)
        .filter((key) => key !== entity.title_field)
        .map(fieldRow),
    ]),
    ...related.filter(links).map(relatedRow),
    ...blocks.map(blockRow),
  ];
  const rows = [
    ...rowsOf(first),
    ...tabs.flatMap((tab, index) => [tabRow(String(index), tab.title), ...rowsOf(tab)]),
  ];
  const placed = new Set(rows.map(({ id }) => id));
  const left = entity.fields
    .filter(({ key }) => key !== entity.title_field)
    .map(({ key }) => fieldRow(key))
    .filter(({ id }) => !placed.has(id));
  return {
    rows: [...rows, { kind: "hidden", id: hiddenId }, ...left],
    list: kept((saved ?? entity.layout).list),
    card: kept((saved ?? entity.layout).card),
    form: kept(saved?.form),
  };
}

/** A draft that was kept a while: without fields and lists that are gone, new ones not shown. */
export function presentIn(
  entity: Entity,
  draft: LayoutDraft,
  links: (list: RelatedList) => boolean = () => true,
): LayoutDraft {
  const there = new Set(entity.fields.map(({ key }) => key));
  const kept = (keys: string[]) => keys.filter((key) => there.has(key));
  const rows = draft.rows.filter(
    (row) => (row.kind !== "field" || there.has(row.key)) && (row.kind !== "related" || links(row.list)),
  );
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
  const first = {
    sections: [] as LayoutSpec["sections"],
    related: [] as RelatedList[],
    blocks: [] as string[],
  };
  const tabs: (typeof first & { title: Record<string, string> })[] = [];
  let part = first;
  for (const row of tidied(rows)) {
    if (row.kind === "hidden") break;
    if (row.kind === "tab") {
      const tab = { title: filled(row.title), sections: [], related: [], blocks: [] };
      tabs.push(tab);
      part = tab;
    } else if (row.kind === "section") part.sections.push({ title: filled(row.title), fields: [] });
    else if (row.kind === "field") part.sections.at(-1)?.fields.push(row.key);
    else if (row.kind === "related") part.related.push(row.list);
    else part.blocks.push(row.name);
  }
  return { ...without(first), ...(tabs.length > 0 && { tabs: tabs.map(without) }), list, card, form };
}

/** What there is none of is not said. */
const without = <P extends { related: RelatedList[]; blocks: string[] }>({
  related,
  blocks,
  ...part
}: P) => ({
  ...part,
  ...(related.length > 0 && { related }),
  ...(blocks.length > 0 && { blocks }),
});

/** In the reader's language, else in any. */
export const titleIn = (title: Words, mine: Locale): string =>
  ([mine, "ru", "uk", "en"] as const).map((code) => title[code]).find((text) => text?.trim()) ?? "";

const filled = (title: Words) =>
  Object.fromEntries(Object.entries(title).filter(([, text]) => text?.trim())) as Record<string, string>;
