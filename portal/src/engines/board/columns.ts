/** What a board asks the server for, and how its totals move with a card. Pure. */
import type { AggregateQuery, AggregateRow, Fields, Filter, RecordQuery, Sort, Stage } from "@/api/types";
import { amountOf } from "@/engines/fields/money";
import type { Shape } from "@/engines/source";

/** What makes columns: a field with few values. */
export interface Grouping {
  field: string;
  /** In the order they stand. */
  columns: Stage[];
  /** Rows of the board as a whole: those of one pipeline. */
  within?: Filter;
  /** Whether a row belongs to the board at all. */
  holds(fields: Fields): boolean;
}

export interface BoardScope {
  shape: Shape;
  group: Grouping;
  filter?: Filter;
  q?: string;
  sort?: Sort[];
}

/** Records of one column are read in portions of this many. */
export const portion = 30;

export function both(...filters: (Filter | undefined)[]): Filter | undefined {
  const given = filters.filter((filter): filter is Filter => filter !== undefined);
  return given.length > 1 ? { and: given } : given[0];
}

/** Newest arrivals in a stage first, so that a card just moved is where it was dropped: on top. */
function boardSort(shape: Shape): Sort[] {
  const since = shape.fields.find((field) => field.key === "stage_since" && field.sortable);
  return [{ field: since ? "stage_since" : "created_at", desc: true }];
}

export function columnQuery(scope: BoardScope, column: string): RecordQuery {
  const { field, within } = scope.group;
  return {
    filter: both(within, { field, op: "eq", value: column }, scope.filter),
    q: scope.q,
    sort: scope.sort?.length ? scope.sort : boardSort(scope.shape),
    limit: portion,
  };
}

function hasAmounts(shape: Shape): boolean {
  return shape.fields.some((field) => field.key === "amount");
}

/** Counts and sums of all columns in one question; sums are kept apart by currency. */
export function totalsQuery(scope: BoardScope): AggregateQuery {
  const sums = hasAmounts(scope.shape);
  const { field, within } = scope.group;
  return {
    filter: both(within, scope.filter),
    q: scope.q,
    group_by: sums ? [field, "currency"] : [field],
    measures: sums ? [{ op: "count" }, { op: "sum", field: "amount" }] : [{ op: "count" }],
  };
}

export interface Totals {
  count: number;
  /** Largest first; currencies without an amount are left out. */
  sums: { currency: string; amount: number }[];
}

export function totalsOf(rows: AggregateRow[], field: string, column: string, currency: string): Totals {
  let count = 0;
  const sums = new Map<string, number>();
  for (const row of rows) {
    if (row.group[field] !== column) continue;
    count += row.values.count ?? 0;
    const amount = row.values.sum_amount ?? 0;
    const code = typeof row.group.currency === "string" && row.group.currency ? row.group.currency : currency;
    if (amount !== 0) sums.set(code, (sums.get(code) ?? 0) + amount);
  }
  return {
    count,
    sums: [...sums]
      .map(([code, amount]) => ({ currency: code, amount }))
      .sort((left, right) => right.amount - left.amount),
  };
}

/** Totals as they will be when a record with these fields has gone from one column to another. */
export function shiftTotals(
  rows: AggregateRow[],
  field: string,
  from: string | undefined,
  to: string | undefined,
  fields: Fields,
): AggregateRow[] {
  const amount = amountOf(fields.amount) ?? 0;
  const currency = fields.currency ?? null;
  const change = (list: AggregateRow[], column: string, sign: 1 | -1): AggregateRow[] => {
    const at = list.findIndex(
      (row) =>
        row.group[field] === column &&
        (!("currency" in row.group) || (row.group.currency ?? null) === currency),
    );
    if (at < 0) {
      if (sign < 0) return list;
      return [...list, { group: { [field]: column, currency }, values: { count: 1, sum_amount: amount } }];
    }
    return list.map((row, index) =>
      index === at
        ? {
            group: row.group,
            values: {
              ...row.values,
              count: Math.max(0, (row.values.count ?? 0) + sign),
              sum_amount: (row.values.sum_amount ?? 0) + sign * amount,
            },
          }
        : row,
    );
  };
  let next = rows;
  if (from) next = change(next, from, -1);
  if (to) next = change(next, to, 1);
  return next;
}
