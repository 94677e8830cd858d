/** What stands in a matrix: rows, columns, cells, sums, days off. Pure. */

import {
  addDays,
  addMonths,
  daysBetween,
  isDay,
  startOfMonth,
  startOfWeek,
  weekday,
} from "@/engines/blocks/days";
import { sumOf } from "@/engines/blocks/expression/decimal";
import type { CellEdit, MatrixBlock, Tone } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";

export interface MatrixColumn {
  key: string;
  label: string;
  /** Days off. */
  shaded: boolean;
  /** The day it begins with, where columns are days, weeks or months. */
  day?: string;
}
export interface MatrixRow {
  id: string;
  label: string;
  facts: string[];
  group: string;
  row: SourceRow;
}
export interface MatrixCell {
  rows: SourceRow[];
  value: unknown;
  text: string;
  tone: Tone;
}
export interface Matrix {
  rows: MatrixRow[];
  columns: MatrixColumn[];
  cell(row: string, column: string): MatrixCell | undefined;
  rowTotal(row: string): number;
  columnTotal(column: string): number;
  total: number;
}

export type Step = "day" | "week" | "month";

export function daySteps(from: string, to: string, step: Step): string[] {
  const first = step === "week" ? startOfWeek(from) : step === "month" ? startOfMonth(from) : from;
  const days: string[] = [];
  for (let at = first; at <= to && days.length <= 400; ) {
    days.push(at);
    at = step === "day" ? addDays(at, 1) : step === "week" ? addDays(at, 7) : addMonths(at, 1);
  }
  return days;
}

/** The column a day belongs to. */
export function columnOfDay(day: string, step: Step): string {
  const bare = day.slice(0, 10);
  return step === "week" ? startOfWeek(bare) : step === "month" ? startOfMonth(bare) : bare;
}

export interface MatrixInput {
  block: MatrixBlock;
  rows: SourceRow[];
  columns: MatrixColumn[];
  cells: SourceRow[];
  rowText(row: SourceRow, field: string): string;
  cellText(row: SourceRow, field: string): string;
  toneOf(row: SourceRow): Tone;
}

/** Columns of days: weekends are days off, unless a source says which are. */
export function dayColumns(
  from: string,
  to: string,
  step: Step,
  label: (day: string) => string,
  off: ReadonlyMap<string, boolean> | undefined,
): MatrixColumn[] {
  if (!isDay(from) || !isDay(to)) return [];
  return daySteps(from, to, step).map((day) => ({
    key: day,
    label: label(day),
    day,
    shaded: step === "day" && (off?.get(day) ?? (off === undefined && weekday(day) > 4)),
  }));
}

export function buildMatrix({ block, rows, columns, cells, rowText, cellText, toneOf }: MatrixInput): Matrix {
  const { label, columns: facts = [], group_by } = block.rows;
  const lines = rows.map(
    (row): MatrixRow => ({
      id: row.id,
      label: rowText(row, label),
      facts: facts.map((field) => rowText(row, field)),
      group: group_by ? rowText(row, group_by) : "",
      row,
    }),
  );
  // Groups stand in the order in which they first come.
  const order = [...new Set(lines.map(({ group }) => group))];
  lines.sort((left, right) => order.indexOf(left.group) - order.indexOf(right.group));
  const grid = new Map<string, Map<string, SourceRow[]>>();
  for (const cell of cells) {
    const line = grid.get(String(cell.fields[block.cells.row])) ?? new Map<string, SourceRow[]>();
    grid.set(String(cell.fields[block.cells.row]), line);
    for (const column of columnsOf(block, cell, columns)) {
      line.set(column, [...(line.get(column) ?? []), cell]);
    }
  }
  const made = new Map<SourceRow[], MatrixCell>();
  const cellAt = (row: string, column: string): MatrixCell | undefined => {
    const found = grid.get(row)?.get(column);
    if (!found) return undefined;
    let cell = made.get(found);
    if (!cell) {
      cell = cellOf(block, found, cellText, toneOf);
      made.set(found, cell);
    }
    return cell;
  };
  const numbers = (row: string, column: string) => cellAt(row, column)?.value;
  return {
    rows: lines,
    columns,
    cell: cellAt,
    rowTotal: (row) => sumOf(columns.map(({ key }) => numbers(row, key))),
    columnTotal: (column) => sumOf(lines.map(({ id }) => numbers(id, column))),
    get total() {
      return sumOf(lines.flatMap(({ id }) => columns.map(({ key }) => numbers(id, key))));
    },
  };
}

function columnsOf(
  { cells, columns: given }: MatrixBlock,
  row: SourceRow,
  columns: MatrixColumn[],
): string[] {
  const step: Step = "from" in given ? (given.step ?? "day") : "day";
  const dated = "from" in given;
  if (cells.from && cells.to) {
    const from = String(row.fields[cells.from] ?? "").slice(0, 10);
    const to = String(row.fields[cells.to] ?? "").slice(0, 10);
    if (!isDay(from) || !isDay(to) || daysBetween(from, to) < 0) return [];
    const [first, last] = [columnOfDay(from, step), columnOfDay(to, step)];
    return columns.map(({ key }) => key).filter((key) => key >= first && key <= last);
  }
  const key = String(row.fields[cells.column ?? "column"] ?? "");
  return [dated ? columnOfDay(key, step) : key];
}

function cellOf(
  { cells, edit }: MatrixBlock,
  rows: SourceRow[],
  textOf: MatrixInput["cellText"],
  toneOf: MatrixInput["toneOf"],
): MatrixCell {
  const first = rows[0] as SourceRow;
  const values = rows.map((row) => row.fields[cells.value]);
  const adds = values.every((value) => typeof value === "number");
  const value = rows.length > 1 && adds ? sumOf(values) : values[0];
  const text = cells.text
    ? rows.map((row) => textOf(row, cells.text ?? "")).join(", ")
    : rows.length > 1 && adds
      ? textOf({ ...first, fields: { ...first.fields, [cells.value]: value } }, cells.value)
      : textOf(first, cells.value);
  return { rows, value, text: edit === "boolean" ? (value === true ? "✓" : "") : text, tone: toneOf(first) };
}

/** What a cell's editing comes to: nothing to do, something to write, or words that cannot be read. */
export type Written = { same: true } | { value: unknown } | { unread: true };

export function readCell(
  edit: CellEdit,
  text: string,
  before: unknown,
  read: { number(text: string): number | undefined; duration(text: string): number | null | undefined },
): Written {
  const typed = text.trim();
  const empty = before === null || before === undefined || before === "";
  if (typed === "") return empty ? { same: true } : { value: null };
  const value = edit === "number" ? read.number(typed) : edit === "duration" ? read.duration(typed) : typed;
  if (value === undefined) return { unread: true };
  return value === before ? { same: true } : { value };
}

/** Where the focus goes from a cell. */
export function step(
  key: string,
  [row, column]: readonly [number, number],
  rows: number,
  columns: number,
): [number, number] | undefined {
  const most = (value: number, last: number) => Math.max(0, Math.min(last - 1, value));
  const to: Record<string, [number, number]> = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [row - 10, column],
    PageDown: [row + 10, column],
  };
  const next = to[key];
  return next && [most(next[0], rows), most(next[1], columns)];
}
