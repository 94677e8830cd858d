/** What payments are allocated to. Pure. */
import type { Fields, Id, RecordData } from "@/api/types";

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

export interface Part {
  payment: RecordData;
  part: Allocation;
}

/** What these payments paid of an invoice, the newest first. */
export function partsFor(invoice: Id, payments: RecordData[]): Part[] {
  const parts = payments.flatMap((payment) =>
    allocationsOf(payment.fields)
      .filter((part) => part.invoice === invoice)
      .map((part) => ({ payment, part })),
  );
  return parts.sort((left, right) =>
    String(right.payment.fields.paid_on).localeCompare(String(left.payment.fields.paid_on)),
  );
}

/** What was paid beyond the parts that are shown: payments that this person does not see. */
export const unseenOf = (paid: number, parts: Part[]): number =>
  Math.round((paid - parts.reduce((sum, { part }) => sum + part.paid, 0)) * 1e4) / 1e4;
