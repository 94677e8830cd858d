/** What a list shows: rows in portions, their names, how many there are in all. */
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { allRefs, flatten, type Pages, removeRecord } from "@/api/record-pages";
import type { Field, Filter, RecordData, RecordQuery, Refs, Sort } from "@/api/types";
import { pageOptions } from "@/engines/pages";
import type { Shape, Source } from "@/engines/source";
import { columnsOf, fieldsToRead } from "./columns";

export const portion = 100;

/** Which rows and how: what an address or a saved view keeps of a list. */
export interface ListView {
  filter?: Filter;
  q?: string;
  sort?: Sort[];
  columns?: string[];
  /** The recycle bin. */
  deleted?: boolean;
}

function sortOf(shape: Shape, sort: Sort[] | undefined): Sort[] {
  if (sort?.length) return sort;
  const created = shape.fields.find((field) => field.key === "created_at" && field.sortable);
  return created ? [{ field: "created_at", desc: true }] : [];
}

function listQuery(shape: Shape, view: ListView, columns: Field[]): RecordQuery {
  return {
    filter: view.filter,
    q: view.q,
    sort: sortOf(shape, view.sort),
    fields: fieldsToRead(shape, columns),
    limit: portion,
    total: true,
    deleted: view.deleted || undefined,
  };
}

export interface List {
  columns: Field[];
  records: RecordData[];
  refs: Refs;
  /** In all, when it is known. */
  total?: number;
  /** What was asked: choosing all rows asks the same. */
  request: RecordQuery;
  sort: Sort[];
  /** A filter or words narrow it. */
  narrowed: boolean;
  pending: boolean;
  error: Error | null;
  /** Rows of the question before, until the new ones are here. */
  stale: boolean;
  /** Reads on near the end. */
  more(): void;
  retry(): void;
  /** Reads on to the end, but not beyond so many rows. */
  readAll(most: number, onProgress: (done: number) => void): Promise<void>;
}

export function useList(source: Source, view: ListView): List {
  const { shape } = source;
  const { filter, q, sort, deleted, columns: chosen } = view;
  const columns = useMemo(() => columnsOf(shape, chosen), [shape, chosen]);
  const request = useMemo(
    () => listQuery(shape, { filter, q, sort, deleted }, columns),
    [shape, filter, q, sort, deleted, columns],
  );
  const options = useMemo(() => pageOptions(source.pages(request)), [source, request]);
  const query = useInfiniteQuery({ ...options, placeholderData: keepPreviousData });
  const records = useMemo(() => flatten(query.data), [query.data]);
  const refs = useMemo(() => allRefs(query.data), [query.data]);
  useFollow(source, options.queryKey);

  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  return {
    columns,
    records,
    refs,
    total: query.data?.pages[0]?.total ?? undefined,
    request,
    sort: sortOf(shape, sort),
    narrowed: Boolean(filter || q),
    pending: query.isPending,
    error: query.error,
    stale: query.isPlaceholderData,
    more: useMemo(
      () => () => {
        if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
      },
      [hasNextPage, isFetchingNextPage, fetchNextPage],
    ),
    retry: () => void refetch(),
    async readAll(most, onProgress) {
      let { hasNextPage: goesOn, data } = query;
      while (goesOn && flatten(data).length < most) {
        const next = await fetchNextPage();
        if (next.isError) throw next.error;
        goesOn = next.hasNextPage;
        data = next.data;
        onProgress(flatten(data).length);
      }
    },
  };
}

/** Rows that went elsewhere leave; where a new one belongs is the source's to say. */
function useFollow(source: Source, queryKey: readonly unknown[]): void {
  const client = useQueryClient();
  useEffect(
    () =>
      source.changes(({ id, record, fresh }) => {
        if (!record) {
          client.setQueryData<Pages>(queryKey, (pages) => pages && removeRecord(pages, id));
        } else if (fresh) {
          void client.invalidateQueries({ queryKey });
        }
      }),
    [client, source, queryKey],
  );
}
