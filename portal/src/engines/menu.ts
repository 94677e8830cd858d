/** Where entities stand in the menu: the product's in the order of work, then those of modules and of the company. Pure. */
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

/** What stands in the menu: not activities, nor what a module shows on pages of its own. */
export const isInMenu = ({ key, inner, actions }: Entity) => actions.read && !inner && key !== "activity";

export function menuOf(entities: Entity[]): { work: Entity[]; directories: Entity[] } {
  const shown = entities.filter(isInMenu);
  const named = (keys: string[]) =>
    keys.map((key) => shown.find((entity) => entity.key === key)).filter((entity) => entity !== undefined);
  const others = shown.filter(({ key }) => !work.includes(key) && !directories.includes(key));
  return { work: [...named(work), ...others], directories: named(directories) };
}
