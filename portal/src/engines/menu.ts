/**
 * Where entities stand in the menu: the product's in the order of work, then those of modules and of the company; each of the
 * company's before the one that an administrator has named. Pure.
 */
import type { Entity } from "@/api/types";

/** From the first call to the money, then whom one knows and what one sells. */
const work = [
  "lead",
  "deal",
  "quote",
  "order",
  "invoice",
  "payment",
  "contact",
  "company",
  "product",
  "task",
];
/** Set up once and seldom looked at. */
const directories = ["organization", "tax", "price_list", "price", "number_series", "absence"];

/** Places for entities in the bar of a phone. */
const inBar = 3;

/** What stands in the menu: not activities, nor what a module shows on pages of its own, nor what was taken out of it. */
const isInMenu = ({ key, inner, menu, actions }: Entity) =>
  actions.read && !inner && menu?.shown !== false && key !== "activity";

const before = ({ menu }: Entity) => menu?.before;

/**
 * Puts each into the list that has what it stands before. What finds no such place, for that one is gone or waits for it in turn,
 * comes to the end of the first list.
 */
function place(lists: string[][], all: Entity[]): void {
  let left = all.filter(before);
  while (left.length > 0) {
    const waiting = left.filter((one) => {
      const list = lists.find((keys) => keys.some((key) => key === before(one)));
      if (list) list.splice(list.indexOf(before(one) ?? ""), 0, one.key);
      return !list;
    });
    if (waiting.length === left.length) {
      lists[0]?.push(...waiting.map(({ key }) => key));
      return;
    }
    left = waiting;
  }
}

const named = (keys: string[], all: Entity[]): Entity[] =>
  keys.map((key) => all.find((entity) => entity.key === key)).filter((entity) => entity !== undefined);

/** All that stands somewhere in it. */
export function menuOf(entities: Entity[]): { work: Entity[]; directories: Entity[] } {
  const others = entities.filter((one) => !work.includes(one.key) && !directories.includes(one.key));
  // By keys first: a neighbour that somebody does not see has its place all the same.
  const first = [...work, ...others.filter((one) => !before(one)).map(({ key }) => key)];
  const second = [...directories];
  place([first, second], others);
  const shown = entities.filter(isInMenu);
  return { work: named(first, shown), directories: named(second, shown) };
}

/** What a phone shows at once: the first ones of the catalogue, and what was put before them. */
export function barOf(entities: Entity[]): Entity[] {
  const keys = entities.filter((one) => !before(one)).map(({ key }) => key);
  place([keys], entities);
  return named(keys, entities.filter(isInMenu)).slice(0, inBar);
}

/** What an entity may be put before, in the order of the menu: not itself, nor what stands before it. */
export function neighboursOf(entity: Entity, entities: Entity[]): Entity[] {
  const { work: first, directories: second } = menuOf(entities);
  const hangs = (key: string | null | undefined, steps: number): boolean =>
    key === entity.key ||
    (key != null && steps > 0 && hangs(entities.find((one) => one.key === key)?.menu?.before, steps - 1));
  return [...first, ...second].filter(({ key }) => !hangs(key, entities.length));
}
