/** What fills an empty card, as the portal does it. Pure. */
import type { CardAnswer } from "@/api/reports-wire";

export type Act = NonNullable<NonNullable<CardAnswer["empty"]>["act"]>;

/** Opens the form of a new record, the arranging of the page, or another page. */
export type ActTarget = { create: string } | { edit: true } | { href: string };

const pages: Record<string, string> = { set_plans: "/reports/plans", open_tasks: "/tasks" };

export function targetOf({ key, href }: Act): ActTarget {
  if (key === "edit") return { edit: true };
  const entity = /^create_(\w+)$/.exec(key)?.[1];
  return entity ? { create: entity } : { href: pages[key] ?? href };
}
