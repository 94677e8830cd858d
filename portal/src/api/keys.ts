/** Names of everything cached. Live updates and mutations address caches by these and nothing else. */
import type { AggregateQuery, Id, RecordQuery } from "./types";

export const keys = {
  me: ["me"] as const,
  entities: ["entities"] as const,
  record: (entity: string, id: Id) => ["record", entity, id] as const,
  records: (entity: string) => ["records", entity] as const,
  list: (entity: string, query: RecordQuery) => ["records", entity, "list", query] as const,
  column: (entity: string, stage: string, query: RecordQuery) =>
    ["records", entity, "column", stage, query] as const,
  columns: (entity: string) => ["records", entity, "column"] as const,
  aggregate: (entity: string, query: AggregateQuery) => ["aggregate", entity, query] as const,
  aggregates: (entity: string) => ["aggregate", entity] as const,
  lookup: (entity: string, q: string) => ["lookup", entity, q] as const,
  timeline: (entity: string, id: Id) => ["timeline", entity, id] as const,
  views: (entity: string) => ["views", entity] as const,
  users: (q: string) => ["users", q] as const,
  departments: ["departments"] as const,
  departmentTree: ["departments", "tree"] as const,
  accounts: ["users", "", "accounts"] as const,
  roles: ["roles"] as const,
  definitions: ["process-definitions"] as const,
  tokens: ["tokens"] as const,
  sessions: ["sessions"] as const,
  pages: ["pages"] as const,
  plugins: ["plugins"] as const,
  plugin: (id: string) => ["plugins", "one", id] as const,
  pluginLogs: (id: string, level: string) => ["plugins", "logs", id, level] as const,
  pluginCost: (id: string) => ["plugins", "cost", id] as const,
  imports: ["imports"] as const,
  import: (id: Id) => ["imports", "one", id] as const,
  batch: (id: Id) => ["batches", id] as const,
};
