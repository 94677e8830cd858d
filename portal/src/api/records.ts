/** Records of any entity: reading, writing and the places of the cache where a record may lie. */
import { type InfiniteData, infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { type Job, outcome } from "./jobs";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import { replaceRecord } from "./record-pages";
import type {
  AggregateQuery,
  AggregateRow,
  BulkAnswer,
  BulkRequest,
  Fields,
  Id,
  RecordData,
  RecordPage,
  RecordQuery,
  UndoAnswer,
} from "./types";

export type RecordPages = InfiniteData<RecordPage, unknown>;

export function queryRecords(
  entity: string,
  query: RecordQuery,
  options?: { signal?: AbortSignal },
): Promise<RecordPage> {
  return api.post("/records/{entity}/query", query, { path: { entity }, ...options });
}

export function recordQuery(entity: string, id: Id) {
  return queryOptions({
    queryKey: keys.record(entity, id),
    // Also out of the recycle bin: the card says so and offers to restore.
    queryFn: ({ signal }) =>
      api.get("/records/{entity}/{id}", { path: { entity, id }, query: { deleted: true }, signal }),
  });
}

export function aggregate(
  entity: string,
  query: AggregateQuery,
  signal?: AbortSignal,
): Promise<AggregateRow[]> {
  return api
    .post("/records/{entity}/aggregate", query, { path: { entity }, signal })
    .then((groups) => groups.items);
}

export function timelineQuery(entity: string, id: Id) {
  return infiniteQueryOptions({
    queryKey: keys.timeline(entity, id),
    queryFn: ({ pageParam, signal }) =>
      api.get("/records/{entity}/{id}/timeline", {
        path: { entity, id },
        query: { limit: 30, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}

/** Keys of the stages that a record has stood in. */
export function stoodQuery(entity: string, id: Id) {
  return queryOptions({
    queryKey: keys.stood(entity, id),
    queryFn: ({ signal }) => api.get("/records/{entity}/{id}/stages", { path: { entity, id }, signal }),
    select: ({ items }) => items,
  });
}

/** `reason`: why in spite of a warning. */
export const createRecord = (entity: string, fields: Fields, idempotencyKey?: string, reason?: string) =>
  api.create("/records/{entity}", { fields, reason }, { path: { entity }, idempotencyKey });

export const updateRecord = (entity: string, id: Id, fields: Fields, version?: number, reason?: string) =>
  api.patch("/records/{entity}/{id}", { fields, version, reason }, { path: { entity, id }, version });

export const deleteRecord = (entity: string, id: Id) =>
  api.delete("/records/{entity}/{id}", { path: { entity, id } });

export const restoreRecord = (entity: string, id: Id) =>
  api.post("/records/{entity}/{id}/restore", undefined, { path: { entity, id } });

export const moveToStage = (entity: string, id: Id, stage: string) =>
  api.post("/records/{entity}/{id}/stage", { stage }, { path: { entity, id } });

export const addNote = (entity: string, id: Id, text: string, idempotencyKey: string) =>
  api.create("/records/{entity}/{id}/timeline", { text }, { path: { entity, id }, idempotencyKey });

export const bulk = async (entity: string, body: BulkRequest) =>
  outcome<BulkAnswer>(await api.post("/records/{entity}/bulk", body, { path: { entity } }));

/** How many rules of automation such changes (`create`, `update`, `delete`, with commas) may set off. */
export const countRules = (entity: string, changes: string, fields?: string) =>
  api
    .get("/records/{entity}/rules", { path: { entity }, query: { changes, fields } })
    .then(({ count }) => count);

/** Waits for its end; of a long one, says how far it is. */
export const undoBatch = async (id: Id, onProgress?: (job: Job<UndoAnswer>) => void) =>
  outcome<UndoAnswer>(await api.post("/batches/{id}/undo", undefined, { path: { id } }), onProgress);

/** The newest form of a record anywhere in the cache; versions never go back. */
export function cachedVersion(entity: string, id: Id): number {
  let version = queryClient.getQueryData<RecordData>(keys.record(entity, id))?.version ?? 0;
  for (const [, pages] of queryClient.getQueriesData<RecordPages>({ queryKey: keys.records(entity) })) {
    for (const page of pages?.pages ?? []) {
      const found = page.items.find((item) => item.id === id);
      if (found) version = Math.max(version, found.version);
    }
  }
  return version;
}

/** Puts a record's newest form into every cached page and card. */
export function putRecord(record: RecordData): void {
  queryClient.setQueryData<RecordData>(keys.record(record.entity, record.id), (old) =>
    old && old.version > record.version ? old : { ...record, refs: { ...old?.refs, ...record.refs } },
  );
  queryClient.setQueriesData<RecordPages>({ queryKey: keys.records(record.entity) }, (pages) =>
    pages?.pages ? replaceRecord(pages, record) : pages,
  );
}

/** A task stands on the timeline of the record that it concerns: that one is asked again. */
export function refreshConcerned({ fields }: RecordData): void {
  const { record_entity: entity, record_id: id } = fields;
  if (typeof entity !== "string" || typeof id !== "string") return;
  void queryClient.invalidateQueries({ queryKey: keys.timeline(entity, id) });
}

/** After a change: counts, sums and the timeline are asked again in the background. */
export function refreshAround(entity: string, id?: Id): void {
  void queryClient.invalidateQueries({ queryKey: keys.aggregates(entity) });
  if (id) void queryClient.invalidateQueries({ queryKey: keys.timeline(entity, id) });
}
