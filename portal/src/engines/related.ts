/** What a list of related records asks, and what it is called. Pure. */
import type { Entity, Field, Id, RecordQuery, RelatedList } from "@/api/types";
import { fieldOf } from "@/engines/fields/text";
import { columnsOf, fieldsToRead } from "@/engines/list/columns";

/** Rows where the layout says nothing. */
const shown = 10;

/** The newest records that link to `id`. */
export const askedOf = (list: RelatedList, child: Entity, id: Id): RecordQuery => ({
  filter: { field: list.via, op: "in", value: [id] },
  sort: [{ field: "created_at", desc: true }],
  fields: fieldsToRead(child, columnsOf(child, [child.title_field, ...(list.columns ?? [])])),
  limit: list.limit ?? shown,
  total: true,
});

/** What stands beside the title of a row. */
export const factsOf = (list: RelatedList, child: Entity): Field[] =>
  columnsOf(child, [child.title_field, ...(list.columns ?? [])]).slice(1);

/** The name of many; where several fields link here, with that of the field. */
export function titleOfList(
  list: Pick<RelatedList, "via">,
  child: Pick<Entity, "fields" | "label_plural">,
  to: string,
): string {
  const links = linksTo(child, to);
  const via = links.length > 1 ? links.find(({ key }) => key === list.via) : undefined;
  return via ? `${child.label_plural}: ${via.label}` : child.label_plural;
}

/** Every list of related records that a card of `to` may have. */
export const listsFor = (entities: Entity[], to: string): RelatedList[] =>
  entities.flatMap((child) => linksTo(child, to).map(({ key }) => ({ entity: child.key, via: key })));

/** The fields of an entity that link to records of another. */
export const linksTo = ({ fields }: Pick<Entity, "fields">, to: string): Field[] =>
  fields.filter(
    ({ type, entities, part_of }) =>
      (type === "link" || type === "links") && !part_of && entities?.includes(to),
  );

/** What a new record of the list begins with. */
export const begins = (list: RelatedList, child: Entity, id: Id) => ({
  [list.via]: fieldOf(child, list.via)?.type === "links" ? [id] : id,
});
