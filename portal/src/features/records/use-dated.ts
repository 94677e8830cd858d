/** The records of some days, read in portions; what comes to those days, or leaves them, is seen at once. */
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { allRefs, flatten, type Pages, removeRecord } from "@/api/record-pages";
import type { Field, Filter, Id, RecordData, RecordQuery, Refs } from "@/api/types";
import { eventOf } from "@/engines/calendar/model";
import { columnsOf, fieldsToRead } from "@/engines/list/columns";
import { pageOptions } from "@/engines/pages";
import type { Source } from "@/engines/source";
import { onDays } from "./dates";

const portion = 500;
/** A calendar with more says nothing to anybody: a filter narrows it. */
export const most = 2_000;

interface Asked {
  field: Field;
  /** One after another. */
  days: string[];
  filter?: Filter;
  q?: string;
}

export interface Dated {
  records: RecordData[];
  refs: Refs;
  total?: number;
  error: Error | null;
  /** Those of other days, until these are here. */
  stale: boolean;
  retry(): void;
}

export function useDated(source: Source, { field, days, filter, q }: Asked): Dated {
  const { shape } = source;
  const client = useQueryClient();
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const request = useMemo<RecordQuery>(
    () => ({
      filter: onDays(field, [first, last], filter),
      q,
      sort: [{ field: field.key }],
      fields: fieldsToRead(shape, columnsOf(shape, [shape.title_field, field.key])),
      limit: portion,
      total: true,
    }),
    [shape, field, first, last, filter, q],
  );
  const options = useMemo(() => pageOptions(source.pages(request)), [source, request]);
  const query = useInfiniteQuery({ ...options, placeholderData: keepPreviousData });
  const records = useMemo(() => flatten(query.data).slice(0, most), [query.data]);
  const refs = useMemo(() => allRefs(query.data), [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch, isError } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError && records.length < most) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isError, records.length]);
  useEffect(() => {
    const here = new Set<Id>(records.map(({ id }) => id));
    const comes = (start: unknown) => {
      const event = typeof start === "string" ? eventOf({ id: "", label: "", start }) : undefined;
      return event !== undefined && event.first <= last && event.last >= first;
    };
    return source.changes(({ id, record }) => {
      if (!record) {
        client.setQueryData<Pages>(options.queryKey, (pages) => pages && removeRecord(pages, id));
      } else if (!here.has(id) && comes(record.fields[field.key])) {
        void client.invalidateQueries({ queryKey: options.queryKey });
      }
    });
  }, [client, source, options.queryKey, records, field.key, first, last]);
  return {
    records,
    refs,
    total: query.data?.pages[0]?.total ?? undefined,
    error: query.error,
    stale: query.isPlaceholderData,
    retry: () => void refetch(),
  };
}
