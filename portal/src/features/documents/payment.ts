/** What payments are allocated to. Pure. */
import type { Fields, Id } from "@/api/types";

export interface Allocation {
  invoice: Id;
  /** Of the payment, in its currency. */
  amount: number;
  rate: string;
  /** Of the invoice, in its currency. */
  paid: number;
  currency: string | null;
}

export const allocationsOf = (fields: Fields): Allocation[] =>
  Array.isArray(fields.allocations) ? (fields.allocations as unknown as Allocation[]) : [];

/** What a form of a payment sends: what was left empty is not sent, so that the server fills it in. */
export const filledIn = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ""));
