/**
 * Saving single fields, optimistically. Saves of one record go one after another. When the record
 * changed meanwhile but the saved fields did not, the save is repeated on the newer version; when they
 * did, the server's 409 comes through with both sides (`problem.current`).
 */
import { keys } from "./keys";
import { ApiError } from "./problem";
import { queryClient } from "./query-client";
import { replaceRecord } from "./record-pages";
import { putRecord, type RecordPages, refreshAround, updateRecord } from "./records";
import type { Fields, Id, RecordData, Refs, Value } from "./types";

const queues = new Map<Id, Promise<unknown>>();
const ownSaves = new Map<Id, RecordData>();

/** `base` is the record as the person saw it when the editing began. */
export function saveFields(
  base: RecordData,
  patch: Fields,
  refs?: Refs,
  reason?: string,
): Promise<RecordData> {
  const { entity, id } = base;
  showAtOnce(base, patch, refs);
  const task = (queues.get(id) ?? Promise.resolve())
    .catch(() => undefined)
    .then(() => attempt(base, patch, reason))
    .then((record) => {
      ownSaves.set(id, record);
      putRecord(record);
      refreshAround(entity, id);
      return record;
    })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.problem.current) putRecord(error.problem.current);
      takeBack(base, patch, error);
      throw error;
    });
  queues.set(id, task);
  void task
    .catch(() => undefined)
    .finally(() => {
      if (queues.get(id) === task) queues.delete(id);
    });
  return task;
}

async function attempt(base: RecordData, patch: Fields, reason?: string): Promise<RecordData> {
  const own = ownSaves.get(base.id);
  const version =
    own && own.version > base.version && untouched(own.fields, base.fields, patch)
      ? own.version
      : base.version;
  try {
    return await updateRecord(base.entity, base.id, patch, version, reason);
  } catch (error) {
    const current = error instanceof ApiError && error.status === 409 ? error.problem.current : undefined;
    if (current && untouched(current.fields, base.fields, patch)) {
      return updateRecord(base.entity, base.id, patch, current.version, reason);
    }
    throw error;
  }
}

/** Whether nobody changed the fields about to be saved. */
export function untouched(now: Fields, before: Fields, patch: Fields): boolean {
  return Object.keys(patch).every((key) => sameValue(now[key], before[key]));
}

export function sameValue(left: Value, right: Value): boolean {
  if ((left ?? null) === (right ?? null)) return true;
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}

function showAtOnce(base: RecordData, patch: Fields, refs?: Refs): void {
  overlay(base.entity, base.id, () => patch, refs);
}

/** Puts the old values back where ours still stand. */
function takeBack(base: RecordData, patch: Fields, error: unknown): void {
  if (error instanceof ApiError && error.problem.current) return;
  overlay(base.entity, base.id, (shown) => {
    const back: Fields = {};
    for (const [key, mine] of Object.entries(patch)) {
      if (sameValue(shown[key], mine)) back[key] = base.fields[key];
    }
    return back;
  });
}

function overlay(entity: string, id: Id, patchOf: (shown: Fields) => Fields, refs?: Refs): void {
  queryClient.setQueryData<RecordData>(keys.record(entity, id), (old) =>
    old ? { ...old, fields: { ...old.fields, ...patchOf(old.fields) }, refs: { ...old.refs, ...refs } } : old,
  );
  queryClient.setQueriesData<RecordPages>({ queryKey: keys.records(entity) }, (pages) => {
    const found = pages?.pages?.flatMap((page) => page.items).find((item) => item.id === id);
    if (!pages || !found) return pages;
    return replaceRecord(pages, { ...found, fields: { ...found.fields, ...patchOf(found.fields) }, refs });
  });
}
