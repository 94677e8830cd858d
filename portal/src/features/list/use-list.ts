/** What a list shows: rows in portions, their names, how many there are in all. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { keys } from "@/api/keys";
import { type LiveChange, useRecordChanges } from "@/api/live";
import { queryClient } from "@/api/query-client";
import { allRefs, flatten, removeRecord } from "@/api/record-pages";
import { pagesQuery, type RecordPages } from "@/api/records";
import type { Entity, Field, RecordQuery, Sort } from "@/api/types";
import type { RecordsSearch } from "@/routes/search";
import { fieldsToRead } from "./columns";

export const portion = 100;

export function sortOf(entity: Entity, sort: Sort[] | undefined): Sort[] {
  if (sort?.length) return sort;
  const created = entity.fields.find((field) => field.key === "created_at" && field.sortable);
  return created ? [{ field: "created_at", desc: true }] : [];
}

export function listQuery(entity: Entity, search: RecordsSearch, columns: Field[]): RecordQuery {
  return {
    filter: search.filter,
    q: search.q,
    sort: sortOf(entity, search.sort),
    fields: fieldsToRead(entity, columns),
    limit: portion,
    total: true,
    deleted: search.deleted || undefined,
  };
}

export function useList(entity: Entity, search: RecordsSearch, columns: Field[]) {
  const { filter, q, sort, deleted } = search;
  const request = useMemo(
    () => listQuery(entity, { filter, q, sort, deleted }, columns),
    [entity, filter, q, sort, deleted, columns],
  );
  const query = useInfiniteQuery({ ...pagesQuery(entity.key, request), placeholderData: keepPreviousData });
  const records = useMemo(() => flatten(query.data), [query.data]);
  const refs = useMemo(() => allRefs(query.data), [query.data]);

  const follow = useCallback(
    (change: LiveChange) => {
      if (change.entity !== entity.key) return;
      if (!change.record) {
        queryClient.setQueriesData<RecordPages>({ queryKey: keys.records(entity.key) }, (pages) =>
          pages?.pages ? removeRecord(pages, change.id) : pages,
        );
      } else if (change.fresh) {
        // Where a new record belongs is the server's to say.
        void queryClient.invalidateQueries({ queryKey: [...keys.records(entity.key), "list"] });
      }
    },
    [entity.key],
  );
  useRecordChanges(follow);

  return { query, request, records, refs, total: query.data?.pages[0]?.total ?? undefined };
}
