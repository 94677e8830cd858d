/** Documents of sale: what is made of them, the steps that they take, and what payments are for. */
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import { queryRecords, refreshAround, updateRecord } from "./records";
import type { Body, Fields, Filter, Id, RecordData } from "./types";

export type TakenRow = Body<"TakenRow">;
export type Derived = Body<"Derived">;
export type Proposal = Body<"Proposal">;
export type ConvertInput = Body<"ConvertInput">;
export type Converted = Body<"Converted">;
export type SaleRow = Body<"Row">;
export type PaidPart = Body<"PaidPart">;
export type Credit = Body<"Credit">;

/** Makes the next document; `confirm`: also more than is left of an order. */
export const deriveDocument = (
  entity: string,
  id: Id,
  body: { to: string; rows?: TakenRow[]; confirm?: boolean },
  idempotencyKey?: string,
): Promise<Derived> =>
  api.create("/records/{entity}/{id}/derive", body, { path: { entity, id }, idempotencyKey });

export const reviseQuote = (id: Id): Promise<Derived> =>
  api.create("/records/quote/{id}/revise", undefined, { path: { id } });

export const creditInvoice = (id: Id, rows?: TakenRow[], idempotencyKey?: string): Promise<Derived> =>
  api.create("/records/invoice/{id}/credit", { rows: rows ?? null }, { path: { id }, idempotencyKey });

/** A step that asks for nothing else; an order has no addresses of its own for them. */
export function takeStep(entity: string, id: Id, version: number, key: string): Promise<RecordData> {
  const path = { id };
  switch (key) {
    case "send":
      return api.post("/records/{entity}/{id}/send", {} as Body<"SendInput">, { path: { entity, id } });
    case "accept":
      return api.post("/records/quote/{id}/accept", undefined, { path });
    case "decline":
      return api.post("/records/quote/{id}/decline", undefined, { path });
    case "issue":
      return api.post("/records/invoice/{id}/issue", undefined, { path });
    default:
      return updateRecord(entity, id, { state: orderStates[key] }, version);
  }
}

const orderStates: Record<string, string> = {
  confirm: "confirmed",
  fulfil: "fulfilled",
  close: "closed",
  cancel: "cancelled",
};

export const voidInvoice = (id: Id, reason: string): Promise<RecordData> =>
  api.post("/records/invoice/{id}/void", { reason }, { path: { id } });

export const convertLead = (id: Id, body: ConvertInput): Promise<Converted> =>
  api.create("/records/lead/{id}/convert", body, { path: { id } });

export const proposalsOf = (id: Id, signal?: AbortSignal): Promise<Proposal[]> =>
  api.get("/payments/{id}/proposals", { path: { id }, signal }).then(({ items }) => items);

/** `amount` 0 takes back what was allocated. */
export const allocatePayment = (
  id: Id,
  body: { invoice: Id; amount?: number | null; rate?: string },
): Promise<RecordData> => api.post("/payments/{id}/allocate", body, { path: { id } });

/** What was paid of an invoice. The key lies among the lists of payments, so that live changes reach it. */
export const invoicePaymentsQuery = (id: Id) => ({
  queryKey: [...keys.records("payment"), "of-invoice", id] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    api.get("/records/invoice/{id}/payments", { path: { id }, signal }),
  staleTime: 0,
});

/** Records a payment and pays the invoice by it, in one go. */
export const recordPayment = (
  id: Id,
  body: { fields: Fields; rate?: string },
  idempotencyKey: string,
): Promise<RecordData> =>
  api.create("/records/invoice/{id}/payments", body as Body<"ReceiveInput">, {
    path: { id },
    idempotencyKey,
  });

/** Records that stand around a document. The key lies among the lists of their entity, so that live changes reach it. */
export const aroundQuery = (entity: string, filter: Filter, fields: string[], limit: number) => ({
  queryKey: [...keys.records(entity), "around", filter] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    queryRecords(entity, { filter, fields, limit, sort: [{ field: "number", desc: true }] }, { signal }),
  staleTime: 0,
});

/** After a step: other documents of the chain may say something else too. */
export function refreshDocuments(entities: string[], id?: Id): void {
  for (const entity of entities) {
    void queryClient.invalidateQueries({ queryKey: keys.records(entity) });
    void queryClient.invalidateQueries({ queryKey: ["record", entity] });
    refreshAround(entity, id);
  }
}
