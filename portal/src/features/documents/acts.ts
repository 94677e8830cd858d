/** What can be done with a document in its state, and what stands around it. Pure. */
import type { SaleRow, TakenRow } from "@/api/documents";
import type { Fields, Filter, Id, Value } from "@/api/types";

export type Step = "send" | "accept" | "decline" | "confirm" | "fulfil" | "close" | "cancel" | "issue";
export type Target = "quote" | "order" | "invoice";
export type Act =
  | { kind: "step"; step: Step }
  | { kind: "make"; to: Target }
  | { kind: "revise" }
  | { kind: "credit" }
  | { kind: "void" };

const step = (one: Step): Act => ({ kind: "step", step: one });
const make = (to: Target): Act => ({ kind: "make", to });
const revise: Act = { kind: "revise" };

const byState: Record<string, Record<string, Act[]>> = {
  quote: {
    draft: [step("send")],
    sending: [step("send"), revise],
    sent: [step("accept"), step("decline"), revise],
    accepted: [make("order"), make("invoice"), revise],
    declined: [revise],
    expired: [step("send"), revise],
  },
  order: {
    draft: [step("confirm"), step("cancel")],
    confirmed: [make("invoice"), step("fulfil"), step("cancel")],
    fulfilled: [make("invoice"), step("close")],
  },
  invoice: { draft: [step("issue")] },
};

const sum = (value: Value | undefined) => Number(value ?? 0);

function ofInvoice(fields: Fields): Act[] {
  const state = String(fields.state);
  const open = ["issued", "partly_paid", "paid"].includes(state);
  const untouched = sum(fields.paid) === 0 && sum(fields.credited) === 0;
  const acts: Act[] = open && fields.kind === "invoice" ? [{ kind: "credit" }] : [];
  return state === "issued" && untouched ? [...acts, { kind: "void" }] : acts;
}

/** The likeliest first. */
export function actsOf(entity: string, fields: Fields): Act[] {
  if (entity === "deal") return [make("quote"), make("order"), make("invoice")];
  if (fields.revised === true) return [];
  const acts = byState[entity]?.[String(fields.state)] ?? (entity === "invoice" ? ofInvoice(fields) : []);
  const invoiced = entity === "order" && nothingLeft(fields);
  return invoiced ? acts.filter((act) => act.kind !== "make") : acts;
}

/** All that was ordered is invoiced. */
const nothingLeft = (fields: Fields) => {
  const rows = rowsOf(fields);
  return rows.length > 0 && rows.every((row) => leftOf(row, true) === 0);
};

/** Whether this step gives the document its number. */
export const numbers = (one: Step) => one === "send" || one === "confirm" || one === "issue";

export const rowsOf = (fields: Fields): SaleRow[] =>
  Array.isArray(fields.rows) ? (fields.rows as unknown as SaleRow[]) : [];

/** What is left of a row: an order counts what is invoiced of it. */
export const leftOf = (row: SaleRow, counted: boolean): number =>
  exact((row.quantity ?? 1) - (counted ? Number(row.invoiced ?? 0) : 0));

/** Quantities have up to 4 decimals: what floats add behind them is none of ours. */
const exact = (quantity: number) => Math.round(quantity * 1e4) / 1e4;

export interface Pick {
  taken: boolean;
  quantity: number | null;
}

export const picksOf = (rows: SaleRow[], counted: boolean): Pick[] =>
  rows.map((row) => {
    const left = leftOf(row, counted);
    return { taken: left !== 0, quantity: left };
  });

/** What to ask the server for: nothing where all that is left is taken, so that the whole document is. */
export function takenOf(rows: SaleRow[], picks: Pick[], counted: boolean): TakenRow[] | undefined {
  const untouched = picksOf(rows, counted).every(
    ({ taken, quantity }, index) => picks[index]?.taken === taken && picks[index]?.quantity === quantity,
  );
  if (untouched) return undefined;
  return rows.flatMap((row, index) => {
    const pick = picks[index];
    return row.id && pick?.taken ? [{ id: row.id, quantity: pick.quantity }] : [];
  });
}

/** Whether there is something to make a document of. */
export const complete = (picks: Pick[]): boolean =>
  picks.some(({ taken }) => taken) && picks.every(({ taken, quantity }) => !taken || Boolean(quantity));

export const chained = ["deal", "quote", "order", "invoice"] as const;
export type Chained = (typeof chained)[number];

const any = (...tests: [string, Value | undefined][]): Filter | undefined => {
  const or = tests
    .filter(([, value]) => typeof value === "string" && value !== "")
    .map(([field, value]) => ({ field, op: "eq", value }) as Filter);
  return or.length > 0 ? ({ or } as Filter) : undefined;
};

/** Which records belong to the chain of this one, by entity; the record itself among them. */
export function chainFilters(
  entity: string,
  id: Id,
  fields: Fields,
): Partial<Record<Chained, Filter | undefined>> {
  const at = (key: string) => (entity === key ? id : fields[key]);
  const own = (key: string) => (entity === key ? id : undefined);
  const [deal, quote, order] = [at("deal"), at("quote"), at("order")];
  return {
    deal: any(["id", deal]),
    quote: any(["deal", deal], ["id", quote], ["revises", own("quote")], ["id", fields.revises]),
    order: any(["deal", deal], ["id", order], ["quote", quote]),
    invoice: any(
      ["deal", deal],
      ["quote", quote],
      ["order", order],
      ["credits", own("invoice")],
      ["id", fields.credits],
      ["id", own("invoice")],
    ),
  };
}
