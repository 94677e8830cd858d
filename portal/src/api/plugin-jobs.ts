/** What plugins do by themselves: jobs and their runs. Administrators only. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Id } from "./types";

export function pluginJobsQuery(id: string) {
  return queryOptions({
    queryKey: keys.pluginJobs(id),
    queryFn: ({ signal }) =>
      api.get("/plugins/{id}/jobs", { path: { id }, signal }).then((page) => page.items),
    staleTime: 0,
  });
}

/** Newest first. */
export function pluginJobRunsQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: [...keys.pluginJobs(id), "runs"],
    queryFn: ({ pageParam, signal }) =>
      api.get("/plugins/{id}/job-runs", { path: { id }, query: { cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 0,
  });
}

const again = (id: string) => queryClient.invalidateQueries({ queryKey: keys.pluginJobs(id) });

export const runPluginJob = (id: string, job: string) =>
  api.post("/plugins/{id}/jobs/{job}/run", undefined, { path: { id, job } }).finally(() => again(id));

/** Goes on from where it stopped. */
export const repeatPluginJobRun = (id: string, run: Id) =>
  api.post("/plugins/{id}/job-runs/{run}/run", undefined, { path: { id, run } }).finally(() => again(id));

/** What was done stays done. */
export const cancelPluginJobRun = (id: string, run: Id) =>
  api.post("/plugins/{id}/job-runs/{run}/cancel", undefined, { path: { id, run } }).finally(() => again(id));
