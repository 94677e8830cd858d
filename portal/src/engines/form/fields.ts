/** What a form of a new row asks: the fields a person may fill, which of them at first, what stands in them already. */
import type { Field, Fields, Me, Refs, Value } from "@/api/types";
import { isFillable, isUnreadable } from "@/engines/fields/kinds";
import { currencyFieldOf } from "@/engines/fields/money";
import { fieldOf } from "@/engines/fields/text";
import type { Shape } from "@/engines/source";

/** A module's rows that show no title anywhere are named by the module: nobody is asked for one. */
function isNamedByModule({ plugin, layout, title_field }: Shape): boolean {
  const shown = [...layout.list, ...layout.card, ...(layout.form ?? [])];
  return Boolean(plugin) && !shown.includes(title_field);
}

/** The title, what an administrator chose for forms, the other fields of the layout, then what else is required. */
export function fillable(shape: Shape): Field[] {
  const unnamed = isNamedByModule(shape);
  const { form = [], sections, tabs = [] } = shape.layout;
  const placed = [...sections, ...tabs.flatMap((tab) => tab.sections)].flatMap(({ fields }) => fields);
  const order = [shape.title_field, ...form, ...placed];
  const required = shape.fields.filter((field) => field.required).map((field) => field.key);
  return [...new Set([...order, ...required])]
    .map((key) => fieldOf(shape, key))
    .filter(
      (field): field is Field =>
        field !== undefined &&
        !(unnamed && field.key === shape.title_field) &&
        isFillable(field) &&
        !isUnreadable(field) &&
        field.type !== "pipeline" &&
        field.type !== "stage",
    );
}

/** Whether a new row needs it from a person: what has a beginning of its own, the server fills in. */
export const isDemanded = ({ required, default: given }: Field): boolean =>
  required && (given === undefined || given === null);

const isAsked = (shape: Shape, field: Field) => isDemanded(field) || field.key === shape.title_field;

/** Without these nothing can be made. */
export function necessary(shape: Shape): string[] {
  return fillable(shape)
    .filter((field) => isAsked(shape, field))
    .map((field) => field.key);
}

/** These and what an administrator chose for forms; where nobody did, what a card of the board shows. */
export function brief(shape: Shape): string[] {
  const { form, card } = shape.layout;
  const chosen = form && form.length > 0 ? form : card;
  return fillable(shape)
    .filter((field) => isAsked(shape, field) || chosen.includes(field.key))
    .map((field) => field.key);
}

/** What the fields themselves begin with. The server would set it: it is shown, not demanded. */
export function defaultsOf(fields: Field[]): Fields {
  const given = fields.filter((field) => field.default !== undefined && field.default !== null);
  return Object.fromEntries(given.map((field) => [field.key, field.default as Value]));
}

/** A new row is in the hands of the one who makes it, open, in the company's currency: what the server would set. */
export function presetOf(shape: Shape, me: Me): { fields: Fields; refs: Refs } {
  const asked = fillable(shape);
  const fields: Fields = defaultsOf(asked);
  for (const hands of asked.filter((field) => field.type === "user")) {
    if (hands.key === "owner" || hands.key === "assignee") fields[hands.key] ??= me.user.id;
  }
  const state = asked.find((field) => field.key === "state" && field.required);
  if (state?.choices?.some((choice) => choice.value === "open")) fields.state ??= "open";
  for (const money of asked.filter((field) => field.type === "money")) {
    const currency = currencyFieldOf(shape, money);
    if (currency && !currency.read_only) fields[currency.key] ??= me.tenant.currency;
  }
  return { fields, refs: { [me.user.id]: { entity: "user", title: me.user.name } } };
}

/** The currencies that stand beside their amounts, not on a line of their own. */
export function withoutCurrencies(shape: Shape, shown: Field[]): Field[] {
  const beside = new Set(
    shown.filter((field) => field.type === "money").map((field) => currencyFieldOf(shape, field)?.key),
  );
  return shown.filter((field) => !beside.has(field.key));
}
