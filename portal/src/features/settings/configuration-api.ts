/** The company's configuration as a file, what taking one in would do, and what changed. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { addressOf, api } from "@/api/client";
import { ApiError } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import type { Body, Id } from "@/api/types";

export type ConfigurationArea = Body<"ConfigurationArea">;
export type ConfigurationPlan = Body<"ConfigurationPlan">;
export type ConfigurationEntry = Body<"ConfigurationEntry">;
export type ConfigurationTrouble = Body<"ConfigurationTrouble">;
export type ConfigurationChange = Body<"ConfigurationChange">;

const all = ["configuration"] as const;

export const configurationAreasQuery = queryOptions({
  queryKey: [...all, "areas"],
  queryFn: ({ signal }) => api.get("/configuration/areas", { signal }).then(({ items }) => items),
});

/** Where the browser finds the file of these areas. */
export const configurationUrl = (areas: readonly ConfigurationArea[]) =>
  `/api/v1${addressOf("/configuration", { query: { areas: areas.join(",") } })}`;

/** Everything may have changed: what is shown anywhere is asked for again. */
async function applied(answer: Promise<ConfigurationPlan>): Promise<ConfigurationPlan> {
  const plan = await answer;
  if (plan.applied) await queryClient.invalidateQueries();
  return plan;
}

/** Takes a file in, or only says what that would do. */
export const importConfiguration = (file: Blob, dryRun: boolean) =>
  applied(
    api.file<ConfigurationPlan>("POST", "/configuration/import", file, "application/zip", {
      query: { dry_run: dryRun },
    }),
  );

/** Brings what changed back to what it was, or only says what that would do. */
export const restoreConfiguration = (id: Id, dryRun: boolean) =>
  applied(
    api.post("/configuration/changes/{id}/restore", undefined, { path: { id }, query: { dry_run: dryRun } }),
  );

/** The plan that a refusal carries: what stands in the way. */
export function refusedPlan(error: unknown): ConfigurationPlan | undefined {
  if (!(error instanceof ApiError) || error.code !== "config.import") return undefined;
  return error.problem.current as unknown as ConfigurationPlan | undefined;
}

export const configurationChangesQuery = (area?: ConfigurationArea) =>
  infiniteQueryOptions({
    queryKey: [...all, "changes", area],
    queryFn: ({ pageParam, signal }) =>
      api.get("/configuration/changes", { query: { area, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 10_000,
  });
