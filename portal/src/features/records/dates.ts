/** Records in a calendar: by which of their fields, which of them a span of days shows. Pure. */
import type { Field, Filter } from "@/api/types";
import { addDays, momentOf } from "@/engines/blocks/days";
import { isFillable } from "@/engines/fields/kinds";
import type { Shape } from "@/engines/source";

/** Fields by which records stand in a calendar: those that people set first, then those that the product keeps. */
export function dateFields({ fields }: Pick<Shape, "fields">): Field[] {
  const dated = fields.filter(
    ({ type, filterable }) => (type === "date" || type === "datetime") && filterable,
  );
  return [...dated.filter(isSet), ...dated.filter((field) => !isSet(field))];
}

const isSet = (field: Field) => isFillable(field) && !field.system && !field.computed;

/** Whether records may be moved to another day by this field. */
export const moves = ({ actions }: Pick<Shape, "actions">, field: Field) => actions.update && isSet(field);

/** What stands on these days, both included, on the wall clock of the zone; the filter beside it. */
export function onDays(
  field: Pick<Field, "key" | "type">,
  days: string[],
  filter: Filter | undefined,
  zone?: string,
): Filter {
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const moment = (day: string) => new Date(momentOf({ day, minutes: 0 }, zone)).toISOString();
  const within: Filter[] =
    field.type === "date"
      ? [
          { field: field.key, op: "gte", value: first },
          { field: field.key, op: "lte", value: last },
        ]
      : [
          { field: field.key, op: "gte", value: moment(first) },
          { field: field.key, op: "lt", value: moment(addDays(last, 1)) },
        ];
  return { and: [...(filter ? [filter] : []), ...within] };
}
