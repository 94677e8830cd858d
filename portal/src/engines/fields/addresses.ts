/** Ways to reach somebody, as what records are looked for by. Pure. */
import type { Fields, Filter } from "@/api/types";
import { multiValues } from "./values";

/** What is long enough to belong to one person: a whole number, a whole address. */
export function addressesOf(fields: Fields): Filter[] {
  const phones = multiValues(fields.phones)
    .map(({ value }) => value.trim())
    .filter((value) => value.replace(/\D/g, "").length >= 7);
  const emails = multiValues(fields.emails)
    .map(({ value }) => value.trim())
    .filter((value) => /^[^@\s]+@[^@\s]+\.[^@\s]{2,}$/.test(value));
  return [
    ...phones.map((value): Filter => ({ field: "phones", op: "contains", value })),
    ...emails.map((value): Filter => ({ field: "emails", op: "contains", value })),
  ];
}
