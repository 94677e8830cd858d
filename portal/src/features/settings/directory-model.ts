/** A list of items while it is edited. Pure. */
import type { ItemInput } from "@/api/directories";
import { ApiError } from "@/api/problem";
import type { DirectoryItem, DirectoryView, Locale } from "@/api/types";
import { choicesOf } from "./fields-model";
import { nameOf, type Words } from "./pipelines/model";

export interface ItemDraft {
  /** Names the row on the page: the key of one that is saved. */
  id: string;
  saved: boolean;
  label: Words;
  color: string | null;
  archived: boolean;
  /** The id of the item above it. */
  parent: string | null;
  builtIn: boolean;
}

export interface Placed {
  item: ItemDraft;
  /** 0 at the top. */
  depth: number;
}

export const deepest = 5;

const draftOfItem = (item: DirectoryItem): ItemDraft => ({
  id: item.key,
  saved: true,
  label: item.label as Words,
  color: item.color ?? null,
  archived: item.archived,
  parent: item.parent ?? null,
  builtIn: item.built_in,
});

export const draftOf = ({ items }: Pick<DirectoryView, "items">): ItemDraft[] => items.map(draftOfItem);

export const freshItem = (id: string, parent: string | null): ItemDraft => ({
  id,
  saved: false,
  label: {},
  color: null,
  archived: false,
  parent,
  builtIn: false,
});

/** A name for a new row that is a good key too: no other row has it. */
export function freeId(all: ItemDraft[]): string {
  const taken = new Set(all.map(({ id }) => id));
  let number = all.length + 1;
  while (taken.has(`x_item_${number}`)) number += 1;
  return `x_item_${number}`;
}

/** Each item behind the one above it; one whose parent is not there stands at the top. */
export function placed(all: ItemDraft[]): Placed[] {
  const ids = new Set(all.map(({ id }) => id));
  const under = new Map<string | null, ItemDraft[]>();
  for (const item of all) {
    const parent = item.parent !== null && ids.has(item.parent) ? item.parent : null;
    const siblings = under.get(parent);
    if (siblings) siblings.push(item);
    else under.set(parent, [item]);
  }
  const rows: Placed[] = [];
  const put = (parent: string | null, depth: number) => {
    for (const item of under.get(parent) ?? []) {
      rows.push({ item, depth });
      put(item.id, depth + 1);
    }
  };
  put(null, 0);
  return rows;
}

/** Ids of everything below an item. */
export function below(all: ItemDraft[], id: string): string[] {
  return all.filter(({ parent }) => parent === id).flatMap((one) => [one.id, ...below(all, one.id)]);
}

/** What an item may stand under: not itself, nothing below it, nothing too deep. */
export function possibleParents(all: ItemDraft[], id: string): Placed[] {
  const out = new Set([id, ...below(all, id)]);
  const rows = placed(all);
  const own = rows.find(({ item }) => item.id === id)?.depth ?? 0;
  const deepestBelow = Math.max(
    0,
    ...rows.filter(({ item }) => out.has(item.id)).map(({ depth }) => depth - own),
  );
  return rows.filter(({ item, depth }) => !out.has(item.id) && depth + 1 + deepestBelow < deepest);
}

/** Puts an item before or after another that stands under the same one. */
export function moved(all: ItemDraft[], id: string, next: string, side: "before" | "after"): ItemDraft[] {
  const item = all.find((one) => one.id === id);
  const rest = all.filter((one) => one.id !== id);
  const at = rest.findIndex((one) => one.id === next);
  if (!item || at < 0) return all;
  rest.splice(side === "before" ? at : at + 1, 0, item);
  return placed(rest).map((row) => row.item);
}

/** Without an item; what stood below it stands where it stood. */
export function without(all: ItemDraft[], id: string): ItemDraft[] {
  const gone = all.find((one) => one.id === id);
  const rest = all
    .filter((one) => one.id !== id)
    .map((one) => (one.parent === id ? { ...one, parent: gone?.parent ?? null } : one));
  return placed(rest).map((row) => row.item);
}

export const put = (all: ItemDraft[], item: ItemDraft): ItemDraft[] => {
  const known = all.some(({ id }) => id === item.id);
  const next = known ? all.map((one) => (one.id === item.id ? item : one)) : [...all, item];
  return placed(next).map((row) => row.item);
};

const filled = (words: Words): Record<string, string> =>
  Object.fromEntries(Object.entries(words).filter(([, text]) => text.trim() !== ""));

/** What is sent. New items get their keys from the server, but for those that something stands below. */
export function toInputs(all: ItemDraft[]): ItemInput[] {
  return all.map((item) => ({
    key: item.saved || all.some(({ parent }) => parent === item.id) ? item.id : undefined,
    label: filled(item.label),
    color: item.color ?? undefined,
    archived: item.archived,
    parent: item.parent ?? undefined,
  }));
}

/** Items of lines of text, for a new directory. */
export const itemsOf = (lines: string, locale: Locale): ItemInput[] =>
  choicesOf(lines, locale).map(({ label }) => ({ label: label as Record<string, string> }));

/** Refusals of a save by item, in words. */
export function refusals(error: unknown, all: ItemDraft[]): Map<string, string> {
  const found = new Map<string, string>();
  if (!(error instanceof ApiError)) return found;
  for (const [place, { message }] of Object.entries(error.problem.fields ?? {})) {
    const item = all[Number(/^items\.(\d+)\./.exec(place)?.[1] ?? Number.NaN)];
    if (item) found.set(item.id, message);
  }
  return found;
}

/** Items of one directory that are called as items of another, or are written alike. */
export function alike(from: DirectoryItem[], into: DirectoryItem[], locale: Locale): Record<string, string> {
  const plain = (item: DirectoryItem) =>
    nameOf(item.label as Words, locale)
      .trim()
      .toLowerCase();
  const keys = new Set(into.map(({ key }) => key));
  const byName = new Map(into.filter(({ archived }) => !archived).map((item) => [plain(item), item.key]));
  const pairs = from
    .filter(({ key }) => !keys.has(key))
    .map((item) => [item.key, byName.get(plain(item))] as const)
    .filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(pairs);
}
