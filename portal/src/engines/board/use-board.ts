/**
 * A board's state: moving cards at once and taking them back when the source refuses, and following
 * other people's changes. Cards lie in the query cache, one infinite query per column.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf, needsConversion } from "@/api/problem";
import type { Fields, Id, RecordData } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import type { RowChange, Source } from "@/engines/source";
import { toast } from "@/ui/toast";
import { boardCache } from "./cache";
import type { BoardScope } from "./columns";

/** How long a card stays marked that somebody else moved or made, ms. */
const mark_ms = 2_000;

export interface Board {
  source: Source;
  scope: BoardScope;
  move(record: RecordData, to: string, announce?: boolean): void;
  /** Makes a row in a column; a repeat with the same key makes one. */
  add(fields: Fields, column: string, key: string): Promise<RecordData>;
  /** Why a card came back, by record. */
  refusals: ReadonlyMap<Id, string>;
  dismiss(id: Id): void;
  /** Cards somebody else just moved or made. */
  arrived: ReadonlySet<Id>;
  /** The loaded records of the column that holds this one, in order. */
  siblings(id: Id): Id[];
}

export function useBoard(source: Source, scope: BoardScope): Board {
  const { t } = useTranslation(["board", "common", "fields"]);
  const client = useQueryClient();
  const [refusals, setRefusals] = useState<ReadonlyMap<Id, string>>(new Map());
  const [arrived, setArrived] = useState<ReadonlySet<Id>>(new Set());
  const moving = useRef(new Set<Id>());
  const cache = useMemo(() => boardCache(client, source, scope), [client, source, scope]);
  const { field, columns } = scope.group;

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
      const from = String(record.fields[field]);
      if (from === to || moving.current.has(record.id)) return;
      const stage = columns.find((one) => one.key === to);
      const before = cache.after(from, record.id);
      const moved = {
        ...record,
        fields: { ...record.fields, [field]: to, stage_since: new Date().toISOString(), stage_due: null },
      };
      moving.current.add(record.id);
      dismiss(record.id);
      cache.place(moved, from, to);

      source
        .move(record.id, to)
        .then((answer) => {
          source.accept(answer);
          if (announce || stage?.semantic !== "open") {
            toast({
              message: t("board:moved", { stage: stage?.name ?? to }),
              action: { label: t("common:undo"), run: () => move(answer, from) },
            });
          }
        })
        .catch((error: unknown) => {
          cache.place(record, to, from, before);
          if (needsConversion(error)) return;
          const reason = messageOf(error, t("common:network"));
          setRefusals((old) => new Map(old).set(record.id, reason));
          const title = titleOf(scope.shape, record.fields, t("fields:untitled"));
          const stays = columns.find((one) => one.key === from)?.name ?? from;
          toast({ kind: "error", title: t("board:refused", { title, stage: stays }), message: reason });
        })
        .finally(() => moving.current.delete(record.id));
    },
    [cache, columns, dismiss, field, scope.shape, source, t],
  );

  const add = useCallback(
    async (fields: Fields, column: string, key: string) => {
      const record = await source.create({ ...fields, [field]: column }, key);
      cache.insert(record, column);
      return record;
    },
    [cache, field, source],
  );

  const follow = useCallback(
    (change: RowChange) => {
      if (moving.current.has(change.id) || !cache.follow(change)) return;
      setArrived((old) => new Set(old).add(change.id));
      setTimeout(() => {
        setArrived((old) => {
          const next = new Set(old);
          next.delete(change.id);
          return next;
        });
      }, mark_ms);
    },
    [cache],
  );
  useEffect(() => source.changes(follow), [source, follow]);

  return { source, scope, move, add, refusals, dismiss, arrived, siblings: cache.siblings };
}
