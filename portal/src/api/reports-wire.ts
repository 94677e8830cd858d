/** Shapes of saved reports, the funnel, forecasts, managers, plans, dashboards, schedules and exports. */
import type { Drill, Filter, Id, MeasureUnit, Refs, ReportAnswer, ReportQuestion } from "./types";

export interface Sharing {
  all: boolean;
  roles: Id[];
}

export type ReportKind = "query" | "funnel" | "forecast" | "managers";

export interface SavedReport {
  id: Id;
  version: number;
  name: string;
  description: string;
  kind: ReportKind;
  /** The body that is asked; presets stay names. */
  config: Record<string, unknown>;
  /** How it is drawn; the portal's own. */
  chart: Record<string, unknown> | null;
  shared: Sharing;
  owner: { id: Id; name: string };
  mine: boolean;
  may_edit: boolean;
  created_at: string;
  updated_at: string;
}

export interface SavedInput {
  name: string;
  description?: string;
  kind?: ReportKind;
  config: unknown;
  chart?: Record<string, unknown> | null;
  shared?: Sharing;
}

export type PeriodInput = NonNullable<ReportQuestion["period"]>;

export interface FunnelQuestion {
  over: "stage" | "process";
  entity?: string | null;
  definition?: string | null;
  group_by?: string[];
  period?: { from: string | null; to: string | null; preset?: string | null };
  working_time?: boolean;
  mode?: "reached" | "visited" | "pile_up";
  filter?: Filter | null;
}

export interface FunnelRow {
  group: Record<string, unknown>;
  entered: number;
  left: number;
  standing: number;
  instances: number;
  finished: number;
  finished_percent: number;
  conversion_percent: number;
  amount?: number | null;
  amounts: Record<string, number>;
  seconds?: number | null;
  working_seconds?: number | null;
  /** Records that reached (or visited) it, each once. */
  count?: number;
  semantic?: "open" | "won" | "lost";
  share_percent?: number | null;
  converted?: number | null;
  conversion?: number | null;
  decided?: number | null;
  median_seconds?: number | null;
  median_working_seconds?: number | null;
  drill?: Drill | null;
  standing_drill?: Drill | null;
}

export interface FunnelAnswer {
  items: FunnelRow[];
  pile_up?: { group: Record<string, unknown>; standing: number; seconds: number } | null;
  working_time: boolean;
  mode?: string;
  refs?: Refs;
  /** Of the cohort; the part that was won, percent. */
  closed?: { won: number; lost: number; win_rate?: number | null };
}

export interface ForecastBucket {
  n: number;
  amount: number | null;
  weighted: number | null;
  history: number | null;
  commit: number | null;
  best_case: number | null;
  pipeline: number | null;
  won: number | null;
  by_currency?: Record<string, number>;
  drill: Drill | null;
}

export interface ForecastAnswer {
  months: (ForecastBucket & { month: string })[];
  overdue: ForecastBucket;
  undated: ForecastBucket;
  totals: ForecastBucket;
  probabilities: {
    stage: string;
    label: string;
    probability: number;
    by: "set" | "place";
    history: number | null;
    decided: number;
  }[];
  currency: string;
  missing_rates: string[];
  hidden: string[];
  as_of: string;
}

export interface ForecastQuestion {
  period?: PeriodInput | null;
  filter?: Filter | null;
  currency?: string | null;
}

export interface ManagersQuestion extends ForecastQuestion {
  department?: Id | null;
}

interface ManagerFigures {
  values: Record<string, unknown>;
  n: Record<string, number>;
  drill: Record<string, Drill | null>;
}

export interface ManagersAnswer {
  columns: { key: string; label: string; unit: MeasureUnit }[];
  rows: (ManagerFigures & { user: Id | null; plan?: Plan | null })[];
  totals: ManagerFigures;
  refs: Refs;
  currency: string;
  missing_rates: string[];
  hidden: string[];
  hidden_labels?: Record<string, string>;
  as_of: string;
}

export type PlanWho = { kind: "company" | "department" | "user"; id?: Id | null };
export type PlanKind = "month" | "quarter" | "year";

export interface Plan {
  id: Id;
  version: number;
  measure: string;
  label: string;
  unit: MeasureUnit | null;
  who: PlanWho;
  period: { kind: PlanKind; from: string; to: string };
  value: number;
  note: string;
  reason: string;
  currency: string;
  fact: number | null;
  deviation: number | null;
  percent: number | null;
  run_rate: number | null;
  working_days: number;
  working_days_gone: number;
  drill: Drill | null;
  may_edit: boolean;
}

export interface PlanInput {
  id?: Id;
  version?: number;
  measure: string;
  who: PlanWho;
  period: { kind: PlanKind; from: string };
  /** Null takes it away. */
  value: number | null;
  note?: string;
  reason?: string;
}

export interface Plans {
  items: Plan[];
  refs: Refs;
}

export interface Hint {
  key: string;
  text: string;
  numbers: Record<string, unknown>;
  drill: Drill | null;
  group?: Record<string, unknown>;
}

export const homeRoles = ["manager", "head", "owner", "marketer", "operator", "administrator"] as const;
export type HomeRole = (typeof homeRoles)[number];

export type CardContent =
  | { kind: "report"; saved: Id }
  | { kind: "question"; question: ReportQuestion; chart: Record<string, unknown> | null }
  | { kind: "funnel"; question: FunnelQuestion }
  | { kind: "forecast"; question: ForecastQuestion }
  | { kind: "managers"; question: ManagersQuestion }
  | { kind: "plans"; measure?: string }
  | { kind: "hints"; entity?: string }
  | { kind: "tasks" }
  | { kind: "text"; text: string };

/** A card at its place in a grid of twelve columns. */
export interface DashboardCard {
  id: string;
  title?: string | null;
  x: number;
  y: number;
  w: number;
  h: number;
  card: CardContent;
}

export interface Dashboard {
  /** None of a home that is built in. */
  id: Id | null;
  version: number;
  name: string;
  description: string;
  kind: "own" | "role";
  role?: HomeRole;
  builtin: boolean;
  shared: Sharing;
  owner: { id: Id; name: string } | null;
  mine: boolean;
  may_edit: boolean;
  filter_bar: Record<string, unknown> | null;
  cards: DashboardCard[];
  updated_at: string | null;
}

export interface DashboardInput {
  name: string;
  description?: string;
  shared?: Sharing;
  filter_bar?: Record<string, unknown> | null;
  cards: DashboardCard[];
}

/** What stands on a card. */
export interface CardAnswer {
  status: "ok" | "empty" | "problem";
  kind: string;
  query?: ReportAnswer;
  funnel?: FunnelAnswer;
  forecast?: ForecastAnswer;
  managers?: ManagersAnswer;
  plans?: Plans;
  hints?: { items: Hint[] };
  tasks?: { open: number; overdue: number };
  /** Of a card that shows a kept report. */
  saved?: Pick<SavedReport, "name" | "kind" | "config" | "chart">;
  empty?: { text: string; act?: { key: string; label: string; href: string } };
  problem?: { code: string; detail: string };
  as_of?: string;
}

export interface DashboardAnswer {
  as_of: string;
  cards: Record<string, CardAnswer>;
}

export type ScheduleEvery = "day" | "week" | "month";
export type ScheduleOp = "gt" | "gte" | "lt" | "lte" | "eq";

export interface ScheduleInput {
  every: ScheduleEvery;
  weekday?: number | null;
  month_day?: number | null;
  hour: number;
  only_if?: { measure: string; op: ScheduleOp; value: number } | null;
  recipients: Id[];
  attach: boolean;
  enabled: boolean;
}

export interface Schedule extends ScheduleInput {
  id: Id;
  version: number;
  next_at: string | null;
  last?: { at: string; state: "sent" | "skipped" | "failed"; error?: string | null } | null;
}

/** A letter that a schedule has made, or why it has made none. */
export interface SentReport {
  at: string;
  user: Id;
  state: "sent" | "skipped" | "failed";
  error?: string | null;
}

/** What an export leaves. */
export interface ExportResult {
  file: { name: string; rows: number; bytes: number; href: string };
}
