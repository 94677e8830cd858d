/** An answer as a table: groups down, measures (and the values of one axis) across, each cell with what opens it. Pure. */
import type { Drill, MeasureUnit, ReportAnswer, ReportFigures, Value } from "@/api/types";
import { type Bucket, spread } from "./period";
import type { Question } from "./question";

export interface Cell {
  value: number | null;
  /** Of the time that is compared with; undefined where nothing is compared. */
  before?: number | null;
  /** Records behind it. */
  n: number;
  /** Null: too many to be named; undefined: nothing stands here. */
  drill?: Drill | null;
  /** Of amounts in several currencies. */
  byCurrency?: Record<string, number>;
}

export interface MeasureHead {
  key: string;
  label: string;
  unit: MeasureUnit;
  /** The field whose time the period means. */
  date?: string;
}

/** What is known of an axis: its words and its order. */
export interface AxisView {
  key: string;
  label: string;
  bucket?: Bucket;
  /** `group`: the whole group that it is of. */
  text(value: Value, group?: Record<string, Value>): string;
  /** Smaller comes first; equal ones by their words. */
  rank(value: Value): number;
}

export interface Group {
  key: string;
  values: Value[];
  labels: string[];
}

export interface GridColumn {
  key: string;
  measure: MeasureHead;
  /** The value of the axis across; none without one. */
  group?: Group;
  /** Of all values across together. */
  total?: boolean;
}

export interface Grid {
  axes: AxisView[];
  columns: GridColumn[];
  rows: { group: Group; cells: Cell[] }[];
  /** Under the columns; none without rows to sum up. */
  totals?: Cell[];
}

export const nothing: Cell = { value: null, n: 0 };

const number = (value: Value): number | null => (typeof value === "number" ? value : null);

export function cellOf(figures: ReportFigures | undefined, key: string): Cell {
  if (!figures || !(key in figures.values)) return nothing;
  const amounts = figures.by_currency?.[key];
  return {
    value: number(figures.values[key]),
    before: figures.before ? number(figures.before[key]) : undefined,
    n: figures.n[key] ?? 0,
    drill: key in figures.drill ? ((figures.drill[key] as Drill | undefined) ?? null) : undefined,
    byCurrency: amounts && typeof amounts === "object" ? (amounts as Record<string, number>) : undefined,
  };
}

/** Measures of an answer, in its order. */
export function measuresOf(answer: ReportAnswer): MeasureHead[] {
  return answer.columns.flatMap(({ key, label, unit, date }) => (unit ? [{ key, label, unit, date }] : []));
}

const keyOf = (values: Value[]): string => JSON.stringify(values);

function groupOf(axes: AxisView[], given: Record<string, Value>): Group {
  const values = axes.map(({ key }) => given[key] ?? null);
  const labels = axes.map((axis, at) => axis.text(values[at], given));
  return { key: keyOf(values), values, labels };
}

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** By one axis; what is empty comes last, from whichever side. */
function byAxis(axis: AxisView, at: number, falling = false): (one: Group, other: Group) => number {
  return (one, other) => {
    const [left, right] = [one.values[at] ?? null, other.values[at] ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const order = axis.rank(left) - axis.rank(right) || compare(one.labels[at] ?? "", other.labels[at] ?? "");
    return falling ? -order : order;
  };
}

export interface Answers {
  whole: ReportAnswer;
  /** With a column: the same by rows alone, and by the column alone. */
  byRow?: ReportAnswer;
  byColumn?: ReportAnswer;
}

interface Shape {
  question: Question;
  rows: AxisView[];
  column?: AxisView;
}

export function gridOf({ whole, byRow, byColumn }: Answers, { question, rows, column }: Shape): Grid {
  const measures = measuresOf(whole);
  return column
    ? pivot({ whole, byRow, byColumn }, { question, rows, column }, measures)
    : flat(whole, question, rows, measures);
}

/** Sorted by a measure as the server has them; by an axis as people read its values, not as they are written. */
function inOrder(answer: ReportAnswer, sort: string | undefined, axes: AxisView[]): Group[] {
  const groups = answer.rows.map(({ group }) => groupOf(axes, group));
  const unique = [...new Map(groups.map((group) => [group.key, group])).values()];
  const place = axes.findIndex(({ key }) => key === sort?.replace(/^-/, ""));
  if (sort && place < 0) return unique;
  const orders = axes.map((axis, at) => byAxis(axis, at, at === place && sort?.startsWith("-")));
  const first = orders[place];
  const all = first ? [first, ...orders] : orders;
  return unique.toSorted((one, other) => all.reduce((order, by) => order || by(one, other), 0));
}

function flat(answer: ReportAnswer, question: Question, axes: AxisView[], measures: MeasureHead[]): Grid {
  const found = new Map(answer.rows.map((row) => [groupOf(axes, row.group).key, row]));
  const columns = measures.map((measure) => ({ key: measure.key, measure }));
  const cells = (figures: ReportFigures | undefined) => measures.map(({ key }) => cellOf(figures, key));
  return {
    axes,
    columns,
    rows: inOrder(answer, question.sort, axes).map((group) => ({
      group,
      cells: cells(found.get(group.key)),
    })),
    totals: axes.length > 0 ? cells(answer.totals) : undefined,
  };
}

function pivot(
  { whole, byRow, byColumn }: Answers,
  { question, rows: axes, column }: Required<Shape>,
  measures: MeasureHead[],
): Grid {
  const across = inOrder(byColumn ?? whole, undefined, [column]);
  const columns: GridColumn[] = [
    ...across.flatMap((group) =>
      measures.map((measure) => ({ key: `${group.key} ${measure.key}`, measure, group })),
    ),
    // Shares and medians do not add up: without totals of their own there are none.
    ...(byRow || axes.length === 0
      ? measures.map((measure) => ({ key: `total ${measure.key}`, measure, total: true }))
      : []),
  ];
  const at = (row: Group, over: Group) => keyOf([...row.values, ...over.values]);
  const found = new Map(whole.rows.map((row) => [groupOf([...axes, column], row.group).key, row]));
  const ofRow = new Map(byRow?.rows.map((row) => [groupOf(axes, row.group).key, row]));
  const ofColumn = new Map(byColumn?.rows.map((row) => [groupOf([column], row.group).key, row]));
  const line = (figures: (over: Group) => ReportFigures | undefined, total: ReportFigures | undefined) =>
    columns.map(({ measure, group }) => cellOf(group ? figures(group) : total, measure.key));
  return {
    axes,
    columns,
    rows:
      axes.length > 0
        ? inOrder(byRow ?? whole, question.sort, axes).map((group) => ({
            group,
            cells: line((over) => found.get(at(group, over)), ofRow.get(group.key)),
          }))
        : [],
    totals: byColumn && line((over) => ofColumn.get(over.key), whole.totals),
  };
}

/** What a chart draws: the points and what each opens. */
export interface ChartFigures {
  categories: string[];
  series: { name: string; values: (number | null)[] }[];
  unit: MeasureUnit;
  cell(category: number, series: number): Cell | undefined;
  /** Measures that have no room in it. */
  left: MeasureHead[];
  /** Groups that are in the table alone. */
  more: number;
}

const additive = (unit: MeasureUnit) => unit === "number" || unit === "money";

interface ChartWords {
  before: string;
  total: string;
  /** All groups that have no room, where figures add up. */
  rest: string;
}

interface ChartShape {
  /** Pies and funnels show one measure. */
  round: boolean;
  /** Groups at most. */
  shown?: number;
}

export function chartOf(
  grid: Grid,
  words: ChartWords,
  { round, shown = 40 }: ChartShape,
): ChartFigures | undefined {
  const measures = [...new Map(grid.columns.map(({ measure }) => [measure.key, measure])).values()];
  const [first] = measures;
  if (!first) return undefined;
  const crossed = grid.columns.some(({ group }) => group);
  const drawn = ({ measure, total }: GridColumn) => {
    if (crossed) return measure.key === first.key && (total ?? false) === (round && grid.rows.length > 0);
    return round ? measure.key === first.key : measure.unit === first.unit;
  };
  const places = grid.columns.flatMap((column, place) => (drawn(column) ? [place] : []));
  if (places.length === 0) return undefined;
  const left = measures.filter((one) => one !== first && (crossed || round || one.unit !== first.unit));
  const across = (place: number) => grid.columns[place]?.group?.labels.join(" · ");
  // Without groups down, those across are the categories.
  if (crossed && grid.rows.length === 0) {
    return {
      categories: places.map((place) => across(place) ?? ""),
      series: [{ name: first.label, values: places.map((place) => grid.totals?.[place]?.value ?? null) }],
      unit: first.unit,
      cell: (category) => grid.totals?.[places[category] ?? -1],
      left,
      more: 0,
    };
  }
  const all = filled(grid, first.unit);
  const summed = round && additive(first.unit) && all.length > shown;
  const rows = summed
    ? [...all.slice(0, shown - 1), restOf(all.slice(shown - 1), words.rest)]
    : all.slice(0, shown);
  const empty = additive(first.unit) ? 0 : null;
  const series = places.map((place) => ({
    name: across(place) ?? grid.columns[place]?.measure.label ?? "",
    values: rows.map(({ cells }) => cells[place]?.value ?? empty),
  }));
  const [only = 0] = places;
  const compared =
    !round && places.length === 1 && rows.some(({ cells }) => cells[only]?.before !== undefined);
  const before = { name: words.before, values: rows.map(({ cells }) => cells[only]?.before ?? null) };
  return {
    categories: rows.map(({ group }) => group.labels.join(" · ") || words.total),
    series: compared ? [...series, before] : series,
    unit: first.unit,
    cell: (category, at) => rows[category]?.cells[places[at] ?? -1],
    left,
    more: summed ? 0 : all.length - rows.length,
  };
}

/** Groups without room, as one; together they open nothing. */
function restOf(rows: Grid["rows"], rest: string): Grid["rows"][number] {
  const cells = (rows[0]?.cells ?? []).map((_, at): Cell => {
    const all = rows.map((row) => row.cells[at] ?? nothing);
    const sum = (of: (cell: Cell) => number) => all.reduce((total, cell) => total + of(cell), 0);
    return { value: sum(({ value }) => value ?? 0), n: sum(({ n }) => n) };
  });
  return { group: { key: "rest", values: [rest], labels: [rest] }, cells };
}

/** Times in which nothing was are points too, where figures are counted. */
function filled(grid: Grid, unit: MeasureUnit): Grid["rows"] {
  const [axis, more] = grid.axes;
  if (!axis?.bucket || more || !additive(unit)) return grid.rows;
  const days = grid.rows.map(({ group }) => group.values[0]).filter((day) => typeof day === "string");
  const [first, last] = [days[0], days.at(-1)];
  const rising = days.every((day, at) => at === 0 || String(days[at - 1]) < day);
  const all = first && last && rising ? spread(axis.bucket, first, last) : undefined;
  if (!all) return grid.rows;
  const found = new Map(grid.rows.map((row) => [String(row.group.values[0]), row]));
  const empty = (day: string) => ({
    group: { key: day, values: [day], labels: [axis.text(day)] },
    cells: grid.columns.map(() => nothing),
  });
  return [
    ...all.map((day) => found.get(day) ?? empty(day)),
    ...grid.rows.filter(({ group }) => group.values[0] === null),
  ];
}
