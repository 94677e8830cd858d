/** A report as the address says it, and as the server is asked. Pure. */
import type { Field, Filter, Measure, ReportQuestion } from "@/api/types";
import type { Shape } from "@/engines/source";
import { type Bucket, buckets, choiceOf, hasBothEnds, type PeriodChoice, rangeOf } from "./period";

export const chartKinds = ["table", "bar", "line", "pie", "funnel", "number"] as const;
export type ChartKind = (typeof chartKinds)[number];
export type Compare = "before" | "year_ago";

export interface Question {
  /** What it counts, while no measure says so. */
  entity?: string;
  measures: string[];
  /** Axes: `owner`, `created_at:month`. */
  rows: string[];
  /** One more, whose values stand across. */
  column?: string;
  filter?: Filter;
  period?: PeriodChoice;
  compare?: Compare;
  currency?: string;
  sort?: string;
  chart: ChartKind;
}

/** What the server takes at once. */
export const most = { measures: 10, rows: 3, groups: 1_000 } as const;

export interface Axis {
  /** Its name in the answer. */
  key: string;
  bucket?: Bucket;
}

export function axisOf(text: string): Axis {
  const [key = "", bucket] = text.split(":");
  const known = buckets.find((one) => one === bucket);
  return known ? { key, bucket: known } : { key };
}

export const axisText = ({ key, bucket }: Axis): string => (bucket ? `${key}:${bucket}` : key);

const grouping: Field["type"][] = [
  "choice",
  "stage",
  "pipeline",
  "user",
  "department",
  "link",
  "boolean",
  "date",
  "datetime",
  "currency",
  "text",
  "integer",
];

export const isDated = (field: Field): boolean => field.type === "date" || field.type === "datetime";

/** Fields that records are told apart by. What each has for itself (its name, its number) is none. */
export function axisFields(entity: Shape): Field[] {
  return entity.fields.filter(
    (field) =>
      field.sortable &&
      grouping.includes(field.type) &&
      field.key !== entity.title_field &&
      field.key !== "number",
  );
}

/** Whose result it is, and of which department: by the owner when it was closed, else by the one it has now. */
export const personAxes = ["manager", "department"] as const;
export type PersonAxis = (typeof personAxes)[number];
export const isPersonAxis = (key: string): key is PersonAxis => personAxes.some((one) => one === key);

export interface AxisChoice {
  /** As the question has it. */
  path: string;
  field?: Field;
  /** The link that it is reached by. */
  group?: string;
}

/** Everything that an entity's records can be grouped by, those of linked records after its own. */
export function axisChoices(entity: Shape, entities: Shape[]): AxisChoice[] {
  const owned = entity.fields.some(({ key }) => ["owner", "assignee", "started_at"].includes(key));
  const own = axisFields(entity).filter(({ key }) => !owned || !isPersonAxis(key));
  const linked = entity.fields.filter(({ type, filterable }) => type === "link" && filterable);
  return [
    ...(owned ? personAxes.map((path) => ({ path })) : []),
    ...own.map((field) => ({ path: field.key, field })),
    ...linked.flatMap((link) => {
      const target = entities.find(({ key }) => key === link.entity);
      const reached = target
        ? axisFields(target).filter(({ type }) => type !== "link" && type !== "pipeline")
        : [];
      return reached.map((field) => ({ path: `${link.key}.${field.key}`, field, group: link.label }));
    }),
  ];
}

/** The axis that is taken when somebody chooses a field. */
export const usualAxis = ({ path, field }: AxisChoice): string =>
  axisText({ key: path, bucket: field && isDated(field) ? "month" : undefined });

/** Whether a report can be asked for at all. */
export const isComplete = (question: Question): boolean => question.measures.length > 0;

/** What it counts. */
export function entityOf(question: Question, measures: Measure[]): string | undefined {
  const first = measures.find(({ key }) => key === question.measures[0]);
  return first?.entity ?? question.entity;
}

/** Other records: what was said of the old ones means nothing of these. */
export function withEntity(question: Question, entity: string): Question {
  const { period, compare, currency, chart } = question;
  return { entity, measures: [], rows: [], period, compare, currency, chart };
}

/** Keeps what can be asked: the order goes with what it was by, a comparison with its period. */
export function tidy(question: Question): Question {
  const { sort } = question;
  const key = sort?.replace(/^-/, "");
  const axes = [...question.rows, question.column ?? ""].map((text) => axisOf(text).key);
  const sorted = key !== undefined && (question.measures.includes(key) || axes.includes(key));
  return {
    ...question,
    sort: sorted ? sort : undefined,
    column: question.column && question.rows.includes(question.column) ? undefined : question.column,
    compare: hasBothEnds(question.period) ? question.compare : undefined,
  };
}

/** From the largest, from the smallest, as it comes. */
export function nextSort(sort: string | undefined, key: string): string | undefined {
  if (sort === `-${key}`) return key;
  return sort === key ? undefined : `-${key}`;
}

interface Part {
  rows?: boolean;
  column?: boolean;
}

/** As the server is asked. `part`: with which axes; with both unless it says so. */
export function asked(question: Question, { rows = true, column = true }: Part = {}): ReportQuestion {
  const axis = (text: string) => {
    const { key, bucket } = axisOf(text);
    return bucket ? { field: key, bucket } : key;
  };
  const group = rows ? question.rows : [];
  const across = column ? question.column : undefined;
  const key = question.sort?.replace(/^-/, "");
  const there = [...group, across ?? ""].some((text) => axisOf(text).key === key);
  return {
    measures: question.measures,
    // Names of fields stand for themselves; the description knows objects only.
    group_by: group.map(axis) as ReportQuestion["group_by"],
    column: (across ? axis(across) : null) as ReportQuestion["column"],
    filter: question.filter ?? null,
    period: rangeOf(question.period),
    as_of: null,
    compare: question.compare ?? null,
    currency: question.currency ?? null,
    sort: key && (there || question.measures.includes(key)) ? (question.sort ?? null) : null,
    limit: most.groups,
  };
}

const read = (axis: unknown): string => {
  if (typeof axis === "string") return axis;
  const { field, bucket } = (axis ?? {}) as { field?: unknown; bucket?: unknown };
  return axisText({ key: String(field ?? ""), bucket: buckets.find((one) => one === bucket) });
};

export const chartKind = (text: unknown): ChartKind => chartKinds.find((one) => one === text) ?? "table";

/** Back from what is kept: the question and how it is drawn. */
export function questionOf(config: Partial<ReportQuestion>, chart: unknown): Question {
  return {
    measures: config.measures ?? [],
    rows: (config.group_by ?? []).map(read),
    column: config.column ? read(config.column) : undefined,
    filter: (config.filter as Filter | null | undefined) ?? undefined,
    period: choiceOf(config.period),
    compare: config.compare ?? undefined,
    currency: config.currency ?? undefined,
    sort: config.sort ?? undefined,
    chart: chartKind(chart),
  };
}
