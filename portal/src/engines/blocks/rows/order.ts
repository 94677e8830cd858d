/** The order of rows that people arrange by hand: numbers of a field, one written for a move, all only where no room is. */
import type { Fields, Id, RecordData } from "@/api/types";

/** Between rows that were counted anew. */
const STEP = 10;

const placeOf = (row: RecordData, field: string): number | undefined => {
  const value = row.fields[field];
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return value !== "" && Number.isFinite(number) ? number : undefined;
};

/** Rows by their place; those without one stand last, as they came. */
export function byPlace(rows: RecordData[], field: string): RecordData[] {
  const place = (row: RecordData) => placeOf(row, field) ?? Number.POSITIVE_INFINITY;
  return rows.toSorted((a, b) => {
    const [left, right] = [place(a), place(b)];
    return left === right ? 0 : left - right;
  });
}

export interface Placed {
  id: Id;
  fields: Fields;
}

/**
 * What is written so that a row stands `side` of another. `rows` are in their order. Nothing where it stands there
 * already, or one of the two is not among them.
 */
export function placed(
  rows: RecordData[],
  field: string,
  id: Id,
  next: Id,
  side: "before" | "after",
): Placed[] {
  const moving = rows.find((row) => row.id === id);
  const others = rows.filter((row) => row.id !== id);
  const beside = others.findIndex((row) => row.id === next);
  if (!moving || beside < 0) return [];
  const at = side === "before" ? beside : beside + 1;
  if (rows.indexOf(moving) === at) return [];
  const between = roomAt(others[at - 1], others[at], field);
  if (between !== undefined) return [{ id, fields: { [field]: between } }];
  return others
    .toSpliced(at, 0, moving)
    .map((row, index) => ({ row, place: (index + 1) * STEP }))
    .filter(({ row, place }) => placeOf(row, field) !== place)
    .map(({ row, place }) => ({ id: row.id, fields: { [field]: place } }));
}

/** A whole number between two rows, if there is one. */
function roomAt(before: RecordData | undefined, after: RecordData | undefined, field: string) {
  const [low, high] = [before && placeOf(before, field), after && placeOf(after, field)];
  // A neighbour without a place: nothing to stand by.
  if ((before && low === undefined) || (after && high === undefined)) return undefined;
  if (low === undefined && high === undefined) return STEP;
  if (high === undefined) return Math.floor(low ?? 0) + STEP;
  const from = low ?? 0;
  const middle = Math.floor((from + high) / 2);
  return middle > from && middle < high ? middle : undefined;
}
