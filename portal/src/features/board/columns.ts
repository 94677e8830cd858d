/** What a board asks the server for, and how its totals move with a card. Pure. */
import type { AggregateQuery, AggregateRow, Entity, Fields, Filter, RecordQuery, Sort } from "@/api/types";

export interface BoardScope {
  entity: Entity;
  pipeline: string;
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
function boardSort(entity: Entity): Sort[] {
  const since = entity.fields.find((field) => field.key === "stage_since" && field.sortable);
  return [{ field: since ? "stage_since" : "created_at", desc: true }];
}

export function columnQuery(scope: BoardScope, stage: string): RecordQuery {
  return {
    filter: both(
      { field: "pipeline", op: "eq", value: scope.pipeline },
      { field: "stage", op: "eq", value: stage },
      scope.filter,
    ),
    q: scope.q,
    sort: scope.sort?.length ? scope.sort : boardSort(scope.entity),
    limit: portion,
  };
}

export function hasAmounts(entity: Entity): boolean {
  return entity.fields.some((field) => field.key === "amount" && !field.hidden);
}

/** Counts and sums of all columns in one question; sums are kept apart by currency. */
export function totalsQuery(scope: BoardScope): AggregateQuery {
  const sums = hasAmounts(scope.entity);
  return {
    filter: both({ field: "pipeline", op: "eq", value: scope.pipeline }, scope.filter),
    q: scope.q,
    group_by: sums ? ["stage", "currency"] : ["stage"],
    measures: sums ? [{ op: "count" }, { op: "sum", field: "amount" }] : [{ op: "count" }],
  };
}

export interface Totals {
  count: number;
  /** Largest first; currencies without an amount are left out. */
  sums: { currency: string; amount: number }[];
}

export function totalsOf(rows: AggregateRow[], stage: string, currency: string): Totals {
  let count = 0;
  const sums = new Map<string, number>();
  for (const row of rows) {
    if (row.group.stage !== stage) continue;
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

/** Totals as they will be when a record with these fields has gone from one stage to another. */
export function shiftTotals(
  rows: AggregateRow[],
  from: string | undefined,
  to: string | undefined,
  fields: Fields,
): AggregateRow[] {
  const amount = typeof fields.amount === "number" ? fields.amount : 0;
  const currency = fields.currency ?? null;
  const change = (list: AggregateRow[], stage: string, sign: 1 | -1): AggregateRow[] => {
    const at = list.findIndex(
      (row) =>
        row.group.stage === stage &&
        (!("currency" in row.group) || (row.group.currency ?? null) === currency),
    );
    if (at < 0) {
      if (sign < 0) return list;
      return [...list, { group: { stage, currency }, values: { count: 1, sum_amount: amount } }];
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
