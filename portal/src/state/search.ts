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
export const adminSections = ["company", "people", "departments", "roles"] as const;
export type SettingsSection = (typeof ownSections)[number] | (typeof adminSections)[number];

/** `edit`: what is open in the section's form; `new` makes one. */
export function settingsSearch(input: Record<string, unknown>): { edit?: string } {
  return typeof input.edit === "string" && input.edit ? { edit: input.edit } : {};
}
