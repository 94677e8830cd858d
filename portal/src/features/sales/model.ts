/** Rows as they are being written: what stands in the controls, what is sent, what came back. Pure. */
import type { SaleRow } from "@/api/sales";
import type { Body, Fields, Problem, Value } from "@/api/types";
import { unreadText } from "@/engines/fields/values";

type Typed = "quantity" | "price" | "discount";

/** A row in its controls. What is typed may be what nobody can read yet. */
export interface DraftRow
  extends Omit<SaleRow, "quantity" | "price" | "discount_percent" | "discount_amount" | "figures"> {
  key: string;
  quantity: Value;
  price: Value;
  discount: Value;
  by: "percent" | "amount";
}

export interface Draft {
  rows: DraftRow[];
  discount: Value;
  by: "percent" | "amount";
}

/** What a discount of two kinds of numbers is in one control. */
function discountOf(percent: Value, amount: Value): Pick<Draft, "discount" | "by"> {
  const isAmount = typeof amount === "number";
  return { discount: (isAmount ? amount : percent) ?? null, by: isAmount ? "amount" : "percent" };
}

/** The rows of a record. */
export function draftOf(fields: Fields): Draft {
  const rows = Array.isArray(fields.rows) ? (fields.rows as SaleRow[]) : [];
  return {
    rows: rows.map((row, place) => draftRow(row, row.id ?? `row ${place}`)),
    ...discountOf(fields.discount_percent, fields.discount_amount),
  };
}

export function draftRow(row: SaleRow, key: string): DraftRow {
  const { discount_percent, discount_amount, figures: _, ...kept } = row;
  const discount = discountOf(discount_percent, discount_amount);
  return { ...kept, key, quantity: row.quantity ?? 1, price: row.price ?? null, ...discount };
}

export const emptyRow = (key: string): DraftRow => ({
  key,
  quantity: 1,
  price: null,
  discount: null,
  by: "percent",
});

const number = (value: Value) => (typeof value === "number" ? value : null);

/** A discount as the server takes it. */
export const wholeOf = ({ discount, by }: Pick<Draft, "discount" | "by">): Body<"WholeDiscount"> => ({
  percent: by === "percent" ? number(discount) : null,
  amount: by === "amount" ? number(discount) : null,
});

/** The row as the server takes it; its figures are the server's. */
export function rowOf({ key: _, by, discount, quantity, price, ...kept }: DraftRow): SaleRow {
  const { percent, amount } = wholeOf({ discount, by });
  return {
    ...kept,
    title: kept.title?.trim() || null,
    unit: kept.unit?.trim() || null,
    quantity: number(quantity) ?? 1,
    price: number(price),
    discount_percent: percent,
    discount_amount: amount,
  };
}

/** Whether something typed cannot be read: then nothing is sent. */
export const isUnread = ({ rows, discount }: Draft): boolean =>
  unreadText(discount) !== undefined ||
  rows.some((row) =>
    (["quantity", "price", "discount"] satisfies Typed[]).some((part) => unreadText(row[part]) !== undefined),
  );

/** What the catalogue of products fills in where a row leaves it open; the same row where that is nothing. */
export function filledIn(row: DraftRow, known: SaleRow | undefined): DraftRow {
  if (!known) return row;
  const more: Partial<DraftRow> = {};
  if (!row.title?.trim() && known.title) more.title = known.title;
  if (!row.unit?.trim() && known.unit) more.unit = known.unit;
  if ((row.price ?? null) === null && typeof known.price === "number") more.price = known.price;
  if ((row.tax_rate ?? null) === null && typeof known.tax_rate === "number") {
    more.tax = known.tax;
    more.tax_rate = known.tax_rate;
  }
  if ((row.tax_included ?? null) === null && typeof known.tax_included === "boolean") {
    more.tax_included = known.tax_included;
  }
  return Object.keys(more).length > 0 ? { ...row, ...more } : row;
}

/** The list with one row a place further up or down. */
export function moved<T>(rows: T[], from: number, by: -1 | 1): T[] {
  const to = from + by;
  if (to < 0 || to >= rows.length) return rows;
  const next = [...rows];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** Reasons of a refusal, by the place of the row and its part; `whole` is about none of them. */
export interface Wrong {
  rows: Map<number, Map<string, string>>;
  whole: string[];
}

export function wrongOf(fields: Problem["fields"]): Wrong {
  const wrong: Wrong = { rows: new Map(), whole: [] };
  for (const [name, error] of Object.entries(fields ?? {})) {
    const place = /^rows\.(\d+)(?:\.(\w+))?$/.exec(name);
    if (!place) {
      wrong.whole.push(error.message);
      continue;
    }
    const row = Number(place[1]);
    const parts = wrong.rows.get(row) ?? new Map<string, string>();
    wrong.rows.set(row, parts.set(partOf(place[2] ?? ""), error.message));
  }
  return wrong;
}

/** The control that a part of a row stands in. */
function partOf(part: string): string {
  if (part === "discount_percent" || part === "discount_amount") return "discount";
  return part === "tax_rate" ? "tax" : part;
}

/** Why the rows of a document change no more, by the key of a text; the same rules as the server's. */
export function closedBy(entity: string, { state, kind, revised }: Fields) {
  if (entity === "quote" && revised === true) return "closed_revised";
  if (entity === "quote" && state !== "draft") return "closed_quote";
  if (entity === "order" && state !== "draft" && state !== "confirmed") return "closed_order";
  if (entity === "invoice" && state !== "draft") {
    if (state === "void") return "closed_void";
    return kind === "credit" ? "closed_credit" : "closed_invoice";
  }
  return undefined;
}
