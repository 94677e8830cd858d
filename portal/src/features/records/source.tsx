/** Records of an entity as the source of the list, the board and the card: the public API behind the engines. */
import { Link, useNavigate } from "@tanstack/react-router";
import { type ComponentProps, lazy, Suspense, use, useMemo } from "react";
import { keys } from "@/api/keys";
import { onRecordChange } from "@/api/live";
import { queryClient } from "@/api/query-client";
import {
  aggregate,
  bulk,
  countRules,
  createRecord,
  moveToStage,
  putRecord,
  queryRecords,
  refreshAround,
  restoreRecord,
  undoBatch,
} from "@/api/records";
import { saveFields } from "@/api/save";
import { useEntity } from "@/api/session";
import type { Entity, RecordData } from "@/api/types";
import { SlotEntity } from "@/engines/slots";
import type { RowLinkProps, Source } from "@/engines/source";
import { withRecordTexts } from "@/i18n";
import { openCreate } from "@/state/creating";
import { explainRefusal } from "@/state/refused";
import { useRemove } from "./use-remove";

const MergeMenu = lazy(() => withRecordTexts(() => import("./merge-menu")));

export function useRecordsSource(entity: Entity): Source {
  const navigate = useNavigate();
  const remove = useRemove(entity);
  return useMemo(
    () => ({
      ...recordsSource(entity),
      remove,
      compose: (preset) => openCreate(entity.key, preset),
      open: (id) => void navigate({ to: "/records/$entity/$id", params: { entity: entity.key, id } }),
      ...(mergeable(entity) && { SelectionMore: Merge }),
    }),
    [entity, navigate, remove],
  );
}

const mergeable = ({ duplicates, actions }: Entity) =>
  duplicates !== undefined && actions.update && actions.delete;

/** Several chosen rows into one. */
function Merge(props: Omit<ComponentProps<typeof MergeMenu>, "entity">) {
  const entity = useEntity(use(SlotEntity));
  return <Suspense>{entity && <MergeMenu entity={entity} {...props} />}</Suspense>;
}

export function recordsSource(entity: Entity): Source {
  const { key } = entity;
  return {
    shape: entity,
    pages: (query, column) => ({
      queryKey: column === undefined ? keys.list(key, query) : keys.column(key, column, query),
      read: (cursor, signal) =>
        queryRecords(
          key,
          { ...query, cursor: cursor ?? undefined, total: query.total && !cursor },
          { signal },
        ),
    }),
    totals: (query) => ({
      queryKey: keys.aggregate(key, query),
      read: (signal) => aggregate(key, query, signal),
    }),
    portion: (query) => queryRecords(key, query),
    save: saveFields,
    accept(record) {
      putRecord(record);
      refreshAround(key, record.id);
    },
    move: (id, stage) =>
      moveToStage(key, id, stage).catch((error: unknown) => {
        explainRefusal(key, id, stage, error);
        throw error;
      }),
    async create(fields, idempotencyKey) {
      const record = await createRecord(key, fields, idempotencyKey);
      refreshAround(key);
      return record;
    },
    bulk: (request) => bulk(key, request),
    countRules: (fields) => countRules(key, "update", fields.join(",")),
    undo: undoBatch,
    restore: (id) => restoreRecord(key, id),
    show(id, patch) {
      queryClient.setQueryData<RecordData>(keys.record(key, id), (old) =>
        old ? { ...old, fields: { ...old.fields, ...patch } } : old,
      );
    },
    refresh() {
      void queryClient.invalidateQueries({ queryKey: keys.records(key) });
      refreshAround(key);
    },
    changes: (listener) => onRecordChange((change) => change.entity === key && listener(change)),
    Link: RecordLink,
  };
}

/** Opens a record in the side panel: the address changes, Back closes it. */
function RecordLink({ id, children, ...rest }: RowLinkProps) {
  return (
    <Link
      to="."
      search={(old: Record<string, unknown>) => ({ ...old, record: id })}
      preload={false}
      {...rest}
    >
      {children}
    </Link>
  );
}
