/**
 * Pure changes of cached pages of records: replace, remove, insert, move between board columns.
 * Know nothing of queries or the network; an untouched page keeps its identity, so React skips it.
 */
import type { InfiniteData } from "@tanstack/react-query";
import type { Id, RecordData, RecordPage, Refs } from "./types";

export type Pages = InfiniteData<RecordPage, unknown>;

export function replaceRecord(pages: Pages, record: RecordData & { refs?: Refs }): Pages {
  let touched = false;
  const next = pages.pages.map((page) => {
    const at = page.items.findIndex((item) => item.id === record.id);
    const old = page.items[at];
    if (!old || old.version > record.version) return page;
    touched = true;
    const items = page.items.slice();
    const { refs, ...data } = record;
    items[at] = { ...data, fields: { ...old.fields, ...data.fields } };
    return { ...page, items, refs: refs ? { ...page.refs, ...refs } : page.refs };
  });
  return touched ? { ...pages, pages: next } : pages;
}

export function removeRecord(pages: Pages, id: Id): Pages {
  if (!pages.pages.some((page) => page.items.some((item) => item.id === id))) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) =>
      page.items.some((item) => item.id === id)
        ? {
            ...page,
            items: page.items.filter((item) => item.id !== id),
            total: typeof page.total === "number" ? page.total - 1 : page.total,
          }
        : page,
    ),
  };
}

/** Inserts before the record `before`, or first when it is not given or not loaded. */
export function insertRecord(pages: Pages, record: RecordData, refs?: Refs, before?: Id): Pages {
  const clean = removeRecord(pages, record.id);
  const target = before
    ? Math.max(
        0,
        clean.pages.findIndex((page) => page.items.some((item) => item.id === before)),
      )
    : 0;
  return {
    ...clean,
    pages: clean.pages.map((page, index) => {
      if (index !== target) return page;
      const at = before
        ? Math.max(
            0,
            page.items.findIndex((item) => item.id === before),
          )
        : 0;
      return {
        ...page,
        items: [...page.items.slice(0, at), record, ...page.items.slice(at)],
        refs: refs ? { ...page.refs, ...refs } : page.refs,
        total: typeof page.total === "number" ? page.total + 1 : page.total,
      };
    }),
  };
}

export function findRecord(pages: Pages | undefined, id: Id): RecordData | undefined {
  for (const page of pages?.pages ?? []) {
    const found = page.items.find((item) => item.id === id);
    if (found) return found;
  }
  return undefined;
}

export function flatten(pages: Pages | undefined): RecordData[] {
  return pages?.pages.flatMap((page) => page.items) ?? [];
}

export function allRefs(pages: Pages | undefined): Refs {
  return Object.assign({}, ...(pages?.pages.map((page) => page.refs ?? {}) ?? [])) as Refs;
}
