/** Rules of automation, what they did, and what they would have done. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { outcome } from "@/api/jobs";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { AnyJob, Body, Id } from "@/api/types";

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

/** Whether a rule has an address at which somebody outside sends something. */
export const hookQuery = (id: Id) =>
  queryOptions({
    queryKey: [...all, "hook", id],
    queryFn: ({ signal }) => api.get("/automations/{id}/hook", { path: { id }, signal }),
  });

const hookChanged = async <T>(id: Id, answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: hookQuery(id).queryKey });
  return made;
};

/** A new address, told once; the one before is none any more. */
export const openHook = (id: Id) =>
  hookChanged(id, api.put("/automations/{id}/hook", undefined, { path: { id } }));
export const closeHook = (id: Id) => hookChanged(id, api.delete("/automations/{id}/hook", { path: { id } }));

/** A drawing of a process that does what the rule does; the rule stays as it is. */
export const drawAutomation = async (id: Id) => {
  const drawing = await api.create("/automations/{id}/drawing", undefined, { path: { id } });
  void queryClient.invalidateQueries({ queryKey: keys.drawings, exact: true });
  return drawing;
};

/** What the rule would have done in so many days, or on what somebody outside would send; nothing happens. */
export const dryRunAutomation = (
  entity: string,
  rule: AutomationRule,
  on: { days: number } | { vars: Record<string, unknown> },
) => api.post("/automations/dry-run", { entity, rule, ...on });

/** What came of applying a rule: a batch to undo, and records on which it acts. */
export interface Applied {
  batch: Id;
  begun: number;
}

/** How many records fit the rule as it is kept; nothing happens. */
export const countFitting = (id: Id) =>
  api.post("/automations/{id}/apply", { dry_run: true }, { path: { id } }) as Promise<
    Body<"AutomationFitting">
  >;

/** Has it act on them; waits until all of them are begun. */
export const applyAutomation = async (id: Id, onProgress: (job: { done: number; total: number }) => void) =>
  outcome<Applied>((await api.post("/automations/{id}/apply", {}, { path: { id } })) as AnyJob, onProgress);

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
