/** What the address of a board or a list carries: it can be sent to a colleague or kept in a bookmark. */
import type { Filter, Id, Sort } from "@/api/types";

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
}

export function recordsSearch(input: Record<string, unknown>): RecordsSearch {
  const search: RecordsSearch = {};
  if (typeof input.record === "string") search.record = input.record;
  if (typeof input.q === "string" && input.q) search.q = input.q;
  if (input.filter && typeof input.filter === "object") search.filter = input.filter as Filter;
  if (Array.isArray(input.sort)) search.sort = input.sort as Sort[];
  if (typeof input.view === "string") search.view = input.view;
  if (Array.isArray(input.columns)) search.columns = input.columns.filter((key) => typeof key === "string");
  if (typeof input.pipeline === "string") search.pipeline = input.pipeline;
  if (input.deleted === true) search.deleted = true;
  return search;
}

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
  return tab && tab !== "overview" ? { tab } : {};
}

export const ownSections = ["profile", "tokens"] as const;
export const adminSections = ["company", "people", "departments", "roles", "calendars"] as const;
export type SettingsSection = (typeof ownSections)[number] | (typeof adminSections)[number];

/** `edit`: what is open in the section's form; `new` makes one. */
export function settingsSearch(input: Record<string, unknown>): { edit?: string } {
  return typeof input.edit === "string" && input.edit ? { edit: input.edit } : {};
}

export const inboxViews = ["mine", "take", "given", "team"] as const;
export const taskTabs = ["text", "process", "history", "next"] as const;

/** The inbox: which view, whose, what of it, and what is open beside it. */
export interface TasksSearch {
  view?: (typeof inboxViews)[number];
  /** In the view of my people: whose. */
  person?: Id;
  show?: "open" | "overdue" | "completed";
  q?: string;
  /** Open in the side panel. */
  task?: Id;
}

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find((one) => one === value);
/** What is no id came with a damaged address: it is as if it were not there. */
const id = (value: unknown): Id | undefined =>
  typeof value === "string" && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)
    ? value
    : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

/** Without what is absent: an address says only what is chosen. */
function tidy<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

export const tasksSearch = (input: Record<string, unknown>): TasksSearch =>
  tidy({
    view: oneOf(inboxViews, input.view),
    person: id(input.person),
    show: oneOf(["open", "overdue", "completed"] as const, input.show),
    q: text(input.q)?.slice(0, 200),
    task: id(input.task),
  });

export const taskSearch = (input: Record<string, unknown>): { tab?: (typeof taskTabs)[number] } =>
  tidy({ tab: oneOf(taskTabs, input.tab) });

/** The journal of processes: which of them, and which is looked at. */
export interface JournalSearch {
  state?: "active" | "incident" | "completed" | "cancelled";
  /** Key of the definition. */
  definition?: string;
  subject?: Id;
  element?: string;
  instance?: Id;
}

export const journalStates = ["active", "incident", "completed", "cancelled"] as const;

export const journalSearch = (input: Record<string, unknown>): JournalSearch =>
  tidy({
    state: oneOf(journalStates, input.state),
    definition: text(input.definition),
    subject: id(input.subject),
    element: text(input.element),
    instance: id(input.instance),
  });

export const instanceTabs = ["map", "history", "tasks", "variables"] as const;
export const instanceSearch = (input: Record<string, unknown>): { tab?: (typeof instanceTabs)[number] } =>
  tidy({ tab: oneOf(instanceTabs, input.tab) });

export const definitionSearch = (input: Record<string, unknown>): { version?: number } =>
  typeof input.version === "number" && Number.isInteger(input.version) && input.version > 0
    ? { version: input.version }
    : {};
