/**
 * Live updates: listens to `/api/v1/stream` and brings the cache up to date. A few changed records are
 * read by their ids, one question for each entity, and put in place; many at once (an import) refresh the
 * open pages instead. What no page shows is not asked for. Our own changes come back as events too: a
 * version we already have is ignored.
 */
import { useEffect } from "react";
import { keys } from "./keys";
import { refreshFiles } from "./live-files";
import { queryClient } from "./query-client";
import { removeRecord } from "./record-pages";
import { cachedVersion, putRecord, queryRecords, type RecordPages, refreshConcerned } from "./records";
import { entitiesQuery, liveFrom } from "./session";
import type { Id, RecordData, RecordEvent } from "./types";

type Listener = (change: LiveChange) => void;
export interface LiveChange {
  entity: string;
  id: Id;
  /** The record as it is now; absent when it is deleted or no longer visible. */
  record?: RecordData;
  /** The page had not seen this record before. */
  fresh: boolean;
}

const listeners = new Set<Listener>();
const window_ms = 120;
/** A busy company moves many processes a second; their pages follow a few times. */
const instances_ms = 300;
/** Above this many records in one window the pages are refreshed as a whole. */
const few = 12;

/** Tells of every change until the returned function is called: boards move cards between columns. */
export function onRecordChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

const hearers = new Set<(entities: string[]) => void>();

/** Tells which entities had changes, also of records that no page holds: pages of plugins read their sources again. */
export function onEntityChange(hearer: (entities: string[]) => void): () => void {
  hearers.add(hearer);
  return () => {
    hearers.delete(hearer);
  };
}

const watchers = new Set<(instances: Set<Id>) => void>();

/** Tells which process instances went on, some at a time. */
export function onInstanceChange(watcher: (instances: Set<Id>) => void): () => void {
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
}

let moved = new Set<Id>();
let movedTimer: ReturnType<typeof setTimeout> | undefined;

export function receiveInstance(event: RecordEvent): void {
  moved.add(event.record);
  movedTimer ??= setTimeout(() => {
    movedTimer = undefined;
    const told = moved;
    moved = new Set();
    for (const watcher of watchers) watcher(told);
  }, instances_ms);
}

let pending = new Map<Id, RecordEvent>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function receive(event: RecordEvent): void {
  // The record itself is as it was.
  if (event.type.startsWith("file.")) {
    refreshFiles(event.entity, event.record);
    for (const hearer of hearers) hearer([event.entity]);
    return;
  }
  pending.set(event.record, event);
  if (timer === undefined) timer = setTimeout(flush, window_ms);
}

async function flush(): Promise<void> {
  timer = undefined;
  const events = [...pending.values()];
  pending = new Map();
  const heard = [...new Set(events.map((event) => event.entity))];
  for (const hearer of hearers) hearer(heard);
  const unknown = events.filter((event) => cachedVersion(event.entity, event.record) < event.version);
  const entities = new Set(unknown.map((event) => event.entity));
  if (unknown.length > few) {
    for (const entity of entities) refreshEntity(entity);
    return;
  }
  await Promise.all(
    [...entities].map((entity) =>
      apply(
        entity,
        unknown.filter((one) => one.entity === entity),
      ),
    ),
  );
  for (const entity of entities) void queryClient.invalidateQueries({ queryKey: keys.aggregates(entity) });
}

/** Whether a page holds records of this entity, or a timeline on which they may stand. */
function isShown(entity: string): boolean {
  const cached = (queryKey: readonly unknown[], active = false) =>
    queryClient.getQueryCache().find({ queryKey, exact: false, ...(active && { type: "active" }) }) !==
    undefined;
  if (cached(keys.records(entity)) || cached(["record", entity])) return true;
  const shape = queryClient.getQueryData(entitiesQuery.queryKey)?.find(({ key }) => key === entity);
  return shape?.fields.some(({ key }) => key === "record_id") === true && cached(["timeline"], true);
}

async function apply(entity: string, events: RecordEvent[]): Promise<void> {
  const ids = events.map((event) => event.record);
  for (const id of ids) void queryClient.invalidateQueries({ queryKey: keys.timeline(entity, id) });
  if (!isShown(entity)) return;
  const unseen = new Set(ids.filter((id) => cachedVersion(entity, id) === 0));
  const filter = { field: "id", op: "in" as const, value: ids };
  const page = await queryRecords(entity, { filter, limit: ids.length }).catch(() => undefined);
  // Without an answer nothing is known: the stream breaks too, and after a gap everything is asked again.
  if (!page) return;
  for (const id of ids) {
    const fresh = unseen.has(id);
    const found = page.items.find((item) => item.id === id);
    if (found) {
      const record = { ...found, refs: page.refs };
      putRecord(record);
      refreshConcerned(record);
      tell({ entity, id, record, fresh });
    } else {
      // In the bin, or no longer theirs to see: an open card asks for itself.
      void queryClient.invalidateQueries({ queryKey: keys.record(entity, id) });
      tell({ entity, id, fresh });
    }
  }
}

/** Pages on screen put it in its place themselves; the others are brought up to date here. */
function tell(change: LiveChange) {
  const { entity, id, record, fresh } = change;
  for (const listener of listeners) listener(change);
  if (!record) {
    queryClient.setQueriesData<RecordPages>({ queryKey: keys.records(entity) }, (pages) =>
      pages?.pages ? removeRecord(pages, id) : pages,
    );
  } else if (fresh) {
    void queryClient.invalidateQueries({
      queryKey: [...keys.records(entity), "list"],
      refetchType: "none",
    });
  }
}

function refreshEntity(entity: string) {
  void queryClient.invalidateQueries({ queryKey: keys.records(entity) });
  void queryClient.invalidateQueries({ queryKey: keys.aggregates(entity) });
}

/** Keeps one stream open while the signed-in part of the portal is on screen. */
export function useLiveStream(): void {
  useEffect(() => {
    let source: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    // What pages read before the stream opened, it tells from there on.
    const from = liveFrom();
    let first = true;

    const open = () => {
      const after = first && from !== undefined ? `?after=${encodeURIComponent(from)}` : "";
      source = new EventSource(`/api/v1/stream${after}`, { withCredentials: true });
      source.addEventListener("hello", () => {
        failures = 0;
        // After a gap anything may have changed.
        if (!first || from === undefined) {
          for (const gone of ["records", "tasks", "notifications", "process-instances"]) {
            void queryClient.invalidateQueries({ queryKey: [gone] });
          }
        }
        first = false;
      });
      source.addEventListener("record", (message) => {
        receive(JSON.parse((message as MessageEvent<string>).data) as RecordEvent);
      });
      source.addEventListener("instance", (message) => {
        receiveInstance(JSON.parse((message as MessageEvent<string>).data) as RecordEvent);
      });
      // Modules may be on or off for this person now.
      source.addEventListener("gates", () => {
        for (const queryKey of [keys.me, keys.entities, keys.pages]) {
          void queryClient.invalidateQueries({ queryKey });
        }
      });
      source.onerror = () => {
        // The browser reconnects by itself after a dropped line, not after a refusal.
        if (source?.readyState !== EventSource.CLOSED) return;
        failures += 1;
        retry = setTimeout(open, Math.min(30_000, 1_000 * 2 ** Math.min(failures, 5)));
      };
    };
    open();
    return () => {
      source?.close();
      clearTimeout(retry);
    };
  }, []);
}
