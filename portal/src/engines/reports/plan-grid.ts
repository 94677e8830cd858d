/** Plans as they are edited: cells of a period, what has changed, what is sent. Pure. */
import type { Plan, PlanInput, PlanKind, PlanWho } from "@/api/reports-wire";
import { monthOf } from "./period";

/** `2027-01`, `2027-Q1`, `2027`. */
export interface PlanPeriod {
  kind: PlanKind;
  /** Its first day. */
  from: string;
}

export function periodOf(text: string): PlanPeriod {
  const [year = "", part] = text.split("-");
  if (!part) return { kind: "year", from: `${year}-01-01` };
  if (!part.startsWith("Q")) return { kind: "month", from: `${year}-${part}-01` };
  return { kind: "quarter", from: monthOf(`${year}-01-01`, (Number(part.slice(1)) - 1) * 3) };
}

export function periodText({ kind, from }: PlanPeriod): string {
  if (kind === "year") return from.slice(0, 4);
  if (kind === "month") return from.slice(0, 7);
  return `${from.slice(0, 4)}-Q${Math.ceil(Number(from.slice(5, 7)) / 3)}`;
}

const months: Record<PlanKind, number> = { month: 1, quarter: 3, year: 12 };

/** The one so many before or after. */
export const stepped = ({ kind, from }: PlanPeriod, by: number): PlanPeriod => ({
  kind,
  from: monthOf(from, months[kind] * by),
});

/** The month, quarter or year that a day is in. */
export function around(kind: PlanKind, day: string): PlanPeriod {
  if (kind === "year") return { kind, from: `${day.slice(0, 4)}-01-01` };
  const month = monthOf(day);
  return kind === "month"
    ? { kind, from: month }
    : { kind, from: monthOf(month, -((Number(day.slice(5, 7)) - 1) % 3)) };
}

export interface PlanRow {
  key: string;
  who: PlanWho;
  measure: string;
  /** As it is kept; none of a new one. */
  plan?: Plan;
}

export const rowKey = (who: PlanWho, measure: string): string => `${who.kind} ${who.id ?? ""} ${measure}`;

export const rowsOf = (plans: Plan[]): PlanRow[] =>
  plans.map((plan) => ({ key: rowKey(plan.who, plan.measure), who: plan.who, measure: plan.measure, plan }));

/** What is typed in a row; `value` may be what cannot be read. */
export interface PlanEdit {
  value?: unknown;
  reason?: string;
}

export type PlanEdits = Record<string, PlanEdit>;

const differs = ({ plan }: PlanRow, edit: PlanEdit): boolean =>
  ("value" in edit && edit.value !== (plan?.value ?? null)) ||
  (edit.reason !== undefined && edit.reason !== (plan?.reason ?? ""));

/** Rows that are to be sent, in the order they stand. */
export const changedRows = (rows: PlanRow[], edits: PlanEdits): PlanRow[] =>
  rows.filter((row) => {
    const edit = edits[row.key];
    return edit !== undefined && differs(row, edit);
  });

/** Whether what is typed can be sent. */
export const isReadable = ({ value }: PlanEdit): boolean =>
  value === undefined || value === null || (typeof value === "number" && value >= 0);

export function inputsOf(rows: PlanRow[], edits: PlanEdits, period: PlanPeriod): PlanInput[] {
  return changedRows(rows, edits).map(({ key, who, measure, plan }) => {
    const edit = edits[key] ?? {};
    const value = "value" in edit ? (edit.value as number | null) : (plan?.value ?? null);
    return {
      ...(plan ? { id: plan.id, version: plan.version } : {}),
      measure,
      who,
      period,
      value,
      note: plan?.note ?? "",
      reason: edit.reason ?? plan?.reason ?? "",
    };
  });
}

/** The row that a refusal names (`items.2.value`). */
export function refusedRow(rows: PlanRow[], edits: PlanEdits, field: string): PlanRow | undefined {
  const at = /^items\.(\d+)/.exec(field)?.[1];
  return at === undefined ? undefined : changedRows(rows, edits)[Number(at)];
}
