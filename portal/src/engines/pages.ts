/** A source's questions as queries of the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { AskedPages, AskedTotals } from "./source";

export function pageOptions({ queryKey, read }: AskedPages) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}

export function totalOptions({ queryKey, read }: AskedTotals) {
  return queryOptions({ queryKey, queryFn: ({ signal }) => read(signal) });
}
