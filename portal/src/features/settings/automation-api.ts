/** Rules of automation, what they did, and what they would have done. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { queryClient } from "@/api/query-client";
import type { Body, Id } from "@/api/types";

export type AutomationRule = Body<"AutomationRule">;
export type PlacedAutomation = Body<"PlacedAutomation">;
export type AutomationRun = Body<"AutomationRun">;
export type AutomationRunState = Body<"AutomationRunState">;
export type AutomationOutcome = Body<"AutomationDryRunOutcome">;

const all = ["automations"] as const;

export const automationsQuery = (entity: string) =>
  queryOptions({
    queryKey: [...all, "rules", entity],
    queryFn: ({ signal }) =>
      api.get("/automations", { query: { entity }, signal }).then(({ items }) => items),
  });

const changed = async <T>(answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: all });
  return made;
};

export const createAutomation = (entity: string, rule: AutomationRule, place?: number) =>
  changed(api.post("/automations", { entity, rule, place }));
export const changeAutomation = (id: Id, rule: AutomationRule, place?: number) =>
  changed(api.put("/automations/{id}", { rule, place }, { path: { id } }));
export const removeAutomation = (id: Id) => changed(api.delete("/automations/{id}", { path: { id } }));

/** What the rule would have done in so many days; nothing happens. */
export const dryRunAutomation = (entity: string, rule: AutomationRule, days: number) =>
  api.post("/automations/dry-run", { entity, rule, days });

export interface RunFilter {
  rule?: Id;
  state?: AutomationRunState;
}

export const automationRunsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: [...all, "runs", filter],
    queryFn: ({ pageParam, signal }) =>
      api.get("/automations/runs", { query: { ...filter, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

export const retryAutomationRun = (run: Id) =>
  changed(api.post("/automations/runs/{run}/retry", undefined, { path: { run } }));
