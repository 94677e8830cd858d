/** Pipelines with their stages, as administrators make and change them. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id, PipelineChange } from "./types";

export const pipelinesQuery = queryOptions({
  queryKey: keys.pipelines,
  queryFn: ({ signal }) => api.get("/pipelines", { signal }).then((page) => page.items),
});

/** Everything that shows stages is read again. */
export async function refreshPipelines(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: keys.pipelines }),
    queryClient.invalidateQueries({ queryKey: keys.entities }),
  ]);
  void queryClient.invalidateQueries({ queryKey: ["records"] });
  void queryClient.invalidateQueries({ queryKey: ["record"] });
  void queryClient.invalidateQueries({ queryKey: ["aggregate"] });
}

async function changed<T>(answer: Promise<T>): Promise<T> {
  const result = await answer;
  await refreshPipelines();
  return result;
}

export type StageInput = Body<"StageInput">;
export type StageList = Body<"StageList">;
export type PipelinePatch = Body<"PipelinePatch">;

export const createPipeline = (input: Body<"NewPipeline">) => changed(api.create("/pipelines", input));
export const changePipeline = (id: Id, patch: Partial<PipelinePatch>, version: number) =>
  changed(api.patch("/pipelines/{id}", patch as PipelinePatch, { path: { id }, version }));

/** What the list would do to the records; nothing is changed. */
export const tryStages = (id: Id, list: StageList, version: number) =>
  api.put("/pipelines/{id}/stages", { ...list, dry_run: true }, { path: { id }, version });
/** Whoever saves reads everything again (`refreshPipelines`) when it has let go of what was typed. */
export const saveStages = (id: Id, list: StageList, version: number) =>
  api.put("/pipelines/{id}/stages", list, { path: { id }, version });

interface Removal {
  moveTo: Record<string, string>;
  preview?: string;
  dryRun?: boolean;
}

export function removePipeline(
  id: Id,
  { moveTo, preview, dryRun }: Removal,
  version: number,
): Promise<PipelineChange> {
  const pairs = Object.entries(moveTo).map((pair) => pair.join(":"));
  const query = { move_to: pairs.length > 0 ? pairs.join(",") : undefined, preview, dry_run: dryRun };
  const answer = api.delete("/pipelines/{id}", { path: { id }, query, version }) as Promise<unknown>;
  return (dryRun ? answer : changed(answer)) as Promise<PipelineChange>;
}
