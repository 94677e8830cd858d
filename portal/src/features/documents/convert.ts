/** What a lead becomes: what is offered first, and what is asked for. Pure. */
import type { ConvertInput } from "@/api/documents";
import type { Fields, Id } from "@/api/types";

export const becoming = ["contact", "company", "deal"] as const;
export type Becoming = (typeof becoming)[number];
export type How = "create" | "link" | "none";

export interface Choice {
  how: How;
  id?: Id;
  /** What a new record needs beside what the lead says. */
  fields: Fields;
}

export type Found = Partial<Record<Becoming, Id[]>>;

const filled = (value: unknown) => typeof value === "string" && value.trim() !== "";

/** What the lead leads to already is linked, then the only one that was found; else it is made of what the lead says. */
export function offered(kind: Becoming, lead: Fields, found: Found, mayCreate: boolean): Choice {
  const own = lead[kind];
  if (typeof own === "string" && own !== "") return { how: "link", id: own, fields: {} };
  const only = found[kind]?.length === 1 ? found[kind][0] : undefined;
  if (only && kind !== "deal") return { how: "link", id: only, fields: {} };
  const speaks = kind !== "company" || filled(lead.company_title);
  return { how: speaks && mayCreate ? "create" : "none", fields: {} };
}

/** Whether each choice says all that it has to, and something is left of the lead. */
export const convertible = (choices: Choice[]): boolean =>
  choices.some(({ how }) => how !== "none") && choices.every(({ how, id }) => how !== "link" || Boolean(id));

export function inputOf(choices: Record<Becoming, Choice>): ConvertInput {
  const of = ({ how, id, fields }: Choice): ConvertInput["deal"] => {
    if (how === "create") return { create: fields };
    return how === "link" && id ? { link: id } : "none";
  };
  return { contact: of(choices.contact), company: of(choices.company), deal: of(choices.deal) };
}

/** Fields that the server missed of a new record: `deal.amount` is the deal's amount. */
export const missedOf = (kind: Becoming, names: string[]): string[] =>
  names.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1));

/** Where the person goes on. */
export const homeOf = (
  made: Partial<Record<Becoming, Id | null>>,
): { entity: Becoming; id: Id } | undefined =>
  (["deal", "contact", "company"] as const)
    .map((entity) => ({ entity, id: made[entity] }))
    .find((one): one is { entity: Becoming; id: Id } => Boolean(one.id));

/** What a new record is called after the lead. */
export function calledAfter(kind: Becoming, lead: Fields): string {
  const words = (...keys: string[]) =>
    keys
      .map((key) => lead[key])
      .filter(filled)
      .join(" ");
  if (kind === "contact") return words("first_name", "last_name") || words("title");
  return (kind === "company" && words("company_title")) || words("title");
}
