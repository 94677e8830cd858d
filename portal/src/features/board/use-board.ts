/**
 * A board's state: moving cards at once and taking them back when the server refuses, and following
 * other people's changes. Cards lie in the query cache, one infinite query per column.
 */
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { type LiveChange, useRecordChanges } from "@/api/live";
import { messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { findRecord, flatten, insertRecord, removeRecord } from "@/api/record-pages";
import { moveToStage, putRecord, type RecordPages, refreshAround } from "@/api/records";
import type { AggregateRow, Id, RecordAnswer, RecordData, Stage } from "@/api/types";
import { titleOf } from "@/features/fields/text";
import { toast } from "@/ui/toast";
import { type BoardScope, columnQuery, shiftTotals, totalsQuery } from "./columns";

export interface Board {
  scope: BoardScope;
  stages: Stage[];
  move(record: RecordData, to: string, announce?: boolean): void;
  /** Why a card came back, by record. */
  refusals: ReadonlyMap<Id, string>;
  dismiss(id: Id): void;
  /** Cards somebody else just moved or made. */
  arrived: ReadonlySet<Id>;
  /** The loaded records of the column that holds this one, in order. */
  siblings(id: Id): Id[];
}

export function useBoard(scope: BoardScope, stages: Stage[]): Board {
  const { t } = useTranslation(["board", "common", "fields"]);
  const [refusals, setRefusals] = useState<ReadonlyMap<Id, string>>(new Map());
  const [arrived, setArrived] = useState<ReadonlySet<Id>>(new Set());
  const entity = scope.entity.key;
  const moving = useRef(new Set<Id>());

  const cache = useMemo(() => boardCache(scope), [scope]);

  const dismiss = useCallback((id: Id) => {
    setRefusals((old) => {
      if (!old.has(id)) return old;
      const next = new Map(old);
      next.delete(id);
      return next;
    });
  }, []);

  const move = useCallback(
    (record: RecordData, to: string, announce = false) => {
      const from = String(record.fields.stage);
      if (from === to || moving.current.has(record.id)) return;
      const stage = stages.find((one) => one.key === to);
      const before = cache.after(from, record.id);
      const moved = {
        ...record,
        fields: { ...record.fields, stage: to, stage_since: new Date().toISOString() },
      };
      moving.current.add(record.id);
      dismiss(record.id);
      cache.place(moved, from, to);

      moveToStage(entity, record.id, to)
        .then((answer) => {
          putRecord(answer);
          refreshAround(entity, record.id);
          if (announce || stage?.semantic !== "open") {
            toast({
              message: t("board:moved", { stage: stage?.name ?? to }),
              action: { label: t("common:undo"), run: () => move(answer, from) },
            });
          }
        })
        .catch((error: unknown) => {
          cache.place(record, to, from, before);
          const reason = messageOf(error, t("common:network"));
          setRefusals((old) => new Map(old).set(record.id, reason));
          const title = titleOf(scope.entity, record.fields, t("fields:untitled"));
          const stays = stages.find((one) => one.key === from)?.name ?? from;
          toast({ kind: "error", title: t("board:refused", { title, stage: stays }), message: reason });
        })
        .finally(() => moving.current.delete(record.id));
    },
    [cache, dismiss, entity, scope.entity, stages, t],
  );

  const follow = useCallback(
    (change: LiveChange) => {
      if (change.entity !== entity || moving.current.has(change.id)) return;
      const moved = cache.follow(change);
      if (!moved) return;
      setArrived((old) => new Set(old).add(change.id));
      setTimeout(() => {
        setArrived((old) => {
          const next = new Set(old);
          next.delete(change.id);
          return next;
        });
      }, 2_000);
    },
    [cache, entity],
  );
  useRecordChanges(follow);

  return { scope, stages, move, refusals, dismiss, arrived, siblings: cache.siblings };
}

/** The columns of one board in the cache. */
function boardCache(scope: BoardScope) {
  const entity = scope.entity.key;
  const keyOf = (stage: string) => keys.column(entity, stage, columnQuery(scope, stage));
  const pagesOf = (stage: string) => queryClient.getQueryData<RecordPages>(keyOf(stage));
  const change = (stage: string, next: (pages: RecordPages) => RecordPages) => {
    void queryClient.cancelQueries({ queryKey: keyOf(stage) });
    queryClient.setQueryData<RecordPages>(keyOf(stage), (pages) => (pages ? next(pages) : pages));
  };
  const totals = (from: string | undefined, to: string | undefined, record: RecordData) => {
    const key = keys.aggregate(entity, totalsQuery(scope));
    queryClient.setQueryData<AggregateRow[]>(
      key,
      (rows) => rows && shiftTotals(rows, from, to, record.fields),
    );
  };
  const stageHolding = (id: Id): string | undefined => {
    for (const [key, pages] of queryClient.getQueriesData<RecordPages>({ queryKey: keys.columns(entity) })) {
      const stage = String(key[3]);
      if (pages === pagesOf(stage) && findRecord(pages, id)) return stage;
    }
    return undefined;
  };

  return {
    siblings(id: Id): Id[] {
      const stage = stageHolding(id);
      return stage ? flatten(pagesOf(stage)).map((item) => item.id) : [];
    },
    /** The record shown after this one: where to put it back. */
    after(stage: string, id: Id): Id | undefined {
      const items = flatten(pagesOf(stage));
      return items[items.findIndex((item) => item.id === id) + 1]?.id;
    },
    place(record: RecordData, from: string, to: string, before?: Id): void {
      const refs = Object.assign({}, ...(pagesOf(from)?.pages.map((page) => page.refs) ?? []));
      change(from, (pages) => removeRecord(pages, record.id));
      change(to, (pages) => insertRecord(pages, record, refs, before));
      queryClient.setQueryData<RecordAnswer>(keys.record(entity, record.id), (old) =>
        old ? { ...old, fields: { ...old.fields, stage: record.fields.stage } } : old,
      );
      totals(from, to, record);
    },
    /** Somebody else's change; true when a card appeared in a column. */
    follow({ id, record, fresh }: LiveChange): boolean {
      const held = stageHolding(id);
      if (!record) {
        if (held) change(held, (pages) => removeRecord(pages, id));
        return false;
      }
      const here = record.fields.pipeline === scope.pipeline;
      const stage = String(record.fields.stage);
      if (held && (held !== stage || !here)) change(held, (pages) => removeRecord(pages, id));
      if (!here || held === stage) return false;
      if (scope.filter || scope.q) {
        // Whether it belongs here is the server's to say.
        void queryClient.invalidateQueries({ queryKey: keyOf(stage) });
        return false;
      }
      if (!held && !fresh) {
        void queryClient.invalidateQueries({ queryKey: keyOf(stage) });
        return true;
      }
      change(stage, (pages) => insertRecord(pages, record, record.refs));
      return true;
    },
  };
}
