/**
 * What the address of a board or a list carries: it can be sent to a colleague or kept in a bookmark.
 * Each reader names all of its keys: the router lays the answer over the address as it came, so that what is left out would
 * stay as it was written.
 */
import type { Filter, Id, Sort } from "@/api/types";

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find((one) => one === value);
/** What is no id came with a damaged address: it is as if it were not there. */
const id = (value: unknown): Id | undefined =>
  typeof value === "string" && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)
    ? value
    : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

export interface RecordsSearch {
  /** Open in the side panel. */
  record?: Id;
  q?: string;
  filter?: Filter;
  sort?: Sort[];
  /** Saved view. */
  view?: Id;
  columns?: string[];
  /** Board: which pipeline. */
  pipeline?: Id;
  /** The recycle bin. */
  deleted?: boolean;
  /** Calendar: by which field, in what, at which day. */
  date?: string;
  mode?: (typeof calendarModes)[number];
  at?: string;
}

export const calendarModes = ["month", "week", "day", "agenda"] as const;

export const recordsSearch = (input: Record<string, unknown>): RecordsSearch => ({
  record: text(input.record),
  q: text(input.q),
  filter: input.filter && typeof input.filter === "object" ? (input.filter as Filter) : undefined,
  sort: Array.isArray(input.sort) ? (input.sort as Sort[]) : undefined,
  view: text(input.view),
  columns: Array.isArray(input.columns) ? input.columns.filter((key) => typeof key === "string") : undefined,
  pipeline: text(input.pipeline),
  deleted: input.deleted === true || undefined,
  date: text(input.date),
  mode: oneOf(calendarModes, input.mode),
  at: day(input.at),
});

export const pluginTabs = [
  "overview",
  "brings",
  "permissions",
  "gate",
  "settings",
  "calls",
  "routes",
  "jobs",
  "logs",
  "cost",
] as const;
export type PluginTab = (typeof pluginTabs)[number];

export function pluginSearch(input: Record<string, unknown>): { tab?: PluginTab } {
  const tab = pluginTabs.find((one) => one === input.tab);
  return { tab: tab === "overview" ? undefined : tab };
}

export interface SignInSearch {
  /** Where the person was going. */
  next?: string;
  /** Why a provider's word was not taken. */
  refused?: string;
  /** The second factor of whoever came back from a provider is asked for. */
  code?: string;
  /** The company's short name. */
  company?: string;
}

export const signInSearch = (input: Record<string, unknown>): SignInSearch => ({
  next: text(input.next),
  refused: text(input.refused)?.slice(0, 40),
  code: text(input.code)?.slice(0, 40),
  // A name of digits comes as a number.
  company: text(typeof input.company === "number" ? String(input.company) : input.company)?.slice(0, 100),
});

/** Sections of the settings by what they are about, in the order in which they stand. */
export const settingsGroups = {
  mine: ["profile", "telling", "tokens"],
  company: ["company", "calendars", "rates"],
  access: ["people", "departments", "roles", "providers"],
  records: ["entities", "fields", "directories", "templates"],
  work: ["pipelines", "automation"],
  connections: ["messages", "webhooks"],
  system: ["configuration", "audit"],
} as const;
export type SettingsGroup = keyof typeof settingsGroups;
export type SettingsSection = (typeof settingsGroups)[SettingsGroup][number];

export const messageStates = ["queued", "sent", "failed", "unsure", "bounced"] as const;
export const messageChannels = ["mail", "sms"] as const;

/** The first parts of acts of which there are many. */
export const auditAreas = [
  "session",
  "user",
  "role",
  "department",
  "token",
  "tenant",
  "entity",
  "field",
  "plugin",
  "process",
  "report",
  "file",
] as const;

export interface SettingsSearch {
  /** What is open in the section's form; `new` makes one. */
  edit?: string;
  /** Of the messages of plugins: which. */
  state?: (typeof messageStates)[number];
  channel?: (typeof messageChannels)[number];
  plugin?: string;
  /** Of the acts: which. */
  area?: (typeof auditAreas)[number];
  person?: Id;
}

export const settingsSearch = (input: Record<string, unknown>): SettingsSearch => ({
  edit: text(input.edit),
  state: oneOf(messageStates, input.state),
  channel: oneOf(messageChannels, input.channel),
  plugin: text(input.plugin)?.slice(0, 200),
  area: oneOf(auditAreas, input.area),
  person: text(input.person)?.slice(0, 36),
});

export const inboxViews = ["mine", "take", "given", "review", "team"] as const;
export const taskTabs = ["text", "process", "history", "next"] as const;

/** The inbox: which view, whose, what of it, and what is open beside it. */
/** What of a view is shown: all but `completed` are counters. */
export const taskShows = ["open", "overdue", "new", "returned", "violations", "completed"] as const;

export interface TasksSearch {
  view?: (typeof inboxViews)[number];
  /** In the view of my people: whose. */
  person?: Id;
  show?: (typeof taskShows)[number];
  q?: string;
  /** Open in the side panel. */
  task?: Id;
  /** To be made a task of; it goes into its field. */
  line?: string;
}

export const tasksSearch = (input: Record<string, unknown>): TasksSearch => ({
  view: oneOf(inboxViews, input.view),
  person: id(input.person),
  show: oneOf(taskShows, input.show),
  q: text(input.q)?.slice(0, 200),
  task: id(input.task),
  line: text(input.line)?.slice(0, 500),
});

export const taskSearch = (input: Record<string, unknown>): { tab?: (typeof taskTabs)[number] } => ({
  tab: oneOf(taskTabs, input.tab),
});

/** The journal of processes: which of them, and which is looked at. */
export interface JournalSearch {
  state?: "active" | "incident" | "completed" | "cancelled";
  /** Key of the definition. */
  definition?: string;
  subject?: Id;
  element?: string;
  /** Only those with a task behind its deadline. */
  overdue?: true;
  /** Only those that one has a task of, or started. */
  person?: "me";
  q?: string;
  instance?: Id;
}

export const journalStates = ["active", "incident", "completed", "cancelled"] as const;

export const journalSearch = (input: Record<string, unknown>): JournalSearch => ({
  state: oneOf(journalStates, input.state),
  definition: text(input.definition),
  subject: id(input.subject),
  element: text(input.element),
  overdue: input.overdue === true ? true : undefined,
  person: input.person === "me" ? "me" : undefined,
  q: text(input.q),
  instance: id(input.instance),
});

export const instanceTabs = ["map", "history", "tasks", "variables"] as const;
export const instanceSearch = (input: Record<string, unknown>): { tab?: (typeof instanceTabs)[number] } => ({
  tab: oneOf(instanceTabs, input.tab),
});

export const definitionSearch = (input: Record<string, unknown>): { version?: number } => ({
  version: whole(input.version),
});

const drawingWays = ["lines", "empty", "file"] as const;
/** How a new drawing begins. */
export const drawingSearch = (input: Record<string, unknown>): { from?: (typeof drawingWays)[number] } => ({
  from: oneOf(drawingWays, input.from),
});

/** What a drawing is compared with: another one, a revision of its own, or a version that was published from it. */
export interface CompareSearch {
  with?: Id;
  revision?: number;
  version?: number;
  /** The other way round. */
  swap?: boolean;
}

const whole = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;

export const compareSearch = (input: Record<string, unknown>): CompareSearch => ({
  with: id(input.with),
  revision: whole(input.revision),
  version: whole(input.version),
  swap: input.swap === true || undefined,
});

const texts = (value: unknown, most: number): string[] | undefined =>
  Array.isArray(value)
    ? value.filter((one): one is string => typeof one === "string" && one !== "").slice(0, most)
    : undefined;
/** Of years whose neighbours are written with four digits, too. */
const day = (value: unknown): string | undefined =>
  typeof value === "string" &&
  /^[12]\d{3}-\d{2}-\d{2}$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`))
    ? value
    : undefined;

/** A report as it is being made: what is counted, by what, of which time, how it is drawn. */
export interface ReportSearch {
  entity?: string;
  measures?: string[];
  rows?: string[];
  column?: string;
  filter?: Filter;
  period?: string | { from?: string; to?: string };
  compare?: "before" | "year_ago";
  currency?: string;
  sort?: string;
  chart?: (typeof reportCharts)[number];
}

const reportCharts = ["table", "bar", "line", "pie", "funnel", "number"] as const;

function reportPeriod(value: unknown): ReportSearch["period"] {
  if (typeof value === "string") return value || undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const { from, to } = value as { from?: unknown; to?: unknown };
  return { from: day(from), to: day(to) };
}

export const reportSearch = (input: Record<string, unknown>): ReportSearch => ({
  entity: text(input.entity),
  measures: texts(input.measures, 10),
  rows: texts(input.rows, 3),
  column: text(input.column),
  filter: filterIn(input.filter),
  period: reportPeriod(input.period),
  compare: oneOf(["before", "year_ago"] as const, input.compare),
  currency: text(input.currency),
  sort: text(input.sort),
  chart: oneOf(reportCharts, input.chart),
});

/** The funnel: over what, by what beside its steps, of which time. */
export interface FunnelSearch {
  over?: "process";
  entity?: string;
  pipeline?: Id;
  /** Key of a definition. */
  definition?: string;
  mode?: "visited";
  by?: string[];
  /** The kept report that it was opened as. */
  saved?: Id;
  period?: ReportSearch["period"];
  filter?: Filter;
}

const filterIn = (value: unknown): Filter | undefined =>
  value && typeof value === "object" ? (value as Filter) : undefined;

export const funnelSearch = (input: Record<string, unknown>): FunnelSearch => ({
  over: oneOf(["process"] as const, input.over),
  entity: text(input.entity),
  pipeline: id(input.pipeline),
  definition: text(input.definition),
  mode: oneOf(["visited"] as const, input.mode),
  by: texts(input.by, 3),
  saved: id(input.saved),
  period: reportPeriod(input.period),
  filter: filterIn(input.filter),
});

/** The forecast and managers: of which time and of which deals. */
export interface SalesSearch {
  period?: ReportSearch["period"];
  filter?: Filter;
  department?: Id;
  sort?: string;
  /** The kept report that it was opened as. */
  saved?: Id;
}

export const salesSearch = (input: Record<string, unknown>): SalesSearch => ({
  period: reportPeriod(input.period),
  filter: filterIn(input.filter),
  department: id(input.department),
  sort: text(input.sort),
  saved: id(input.saved),
});

/** Plans: of which month (`2027-01`), quarter (`2027-Q1`) or year, of which figure. */
export interface PlansSearch {
  period?: string;
  measure?: string;
}

export const plansSearch = (input: Record<string, unknown>): PlansSearch => ({
  period:
    typeof input.period === "string" && /^\d{4}(-(0[1-9]|1[0-2]|Q[1-4]))?$/.test(input.period)
      ? input.period
      : undefined,
  measure: text(input.measure),
});

/** A dashboard: of which time and records its cards are; whether it is being arranged. */
export interface DashboardSearch {
  period?: ReportSearch["period"];
  /** By entity. */
  filter?: Record<string, Filter>;
  edit?: boolean;
}

function filtersIn(value: unknown): DashboardSearch["filter"] {
  if (!value || typeof value !== "object" || Array.isArray(value)) return undefined;
  const filters = Object.entries(value).flatMap(([entity, one]) => {
    const filter = filterIn(one);
    return filter ? [[entity, filter] as const] : [];
  });
  return Object.fromEntries(filters.slice(0, 20));
}

export const dashboardSearch = (input: Record<string, unknown>): DashboardSearch => ({
  period: reportPeriod(input.period),
  filter: filtersIn(input.filter),
  edit: input.edit === true || undefined,
});

/** The first page: of which of one's roles. */
export interface HomeSearch extends DashboardSearch {
  role?: (typeof roles)[number];
}

const roles = ["manager", "head", "owner", "marketer", "operator", "administrator"] as const;

export const homeSearch = (input: Record<string, unknown>): HomeSearch => ({
  ...dashboardSearch(input),
  role: oneOf(roles, input.role),
});
