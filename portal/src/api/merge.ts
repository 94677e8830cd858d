/** Records that may be the same, several into one, lists as files. */
import { api } from "./client";
import { type Job, outcome } from "./jobs";
import type { AnyJob, Body, Fields, Id } from "./types";

export type Duplicates = Body<"DuplicatesView">;
export type Duplicate = Body<"DuplicateView">;
export type Merged = Body<"Merged">;
export type MergeInput = Body<"MergeInput">;
export type DuplicateMode = Body<"DuplicateMode">;
export type ListExport = Body<"ListExportInput">;

/** Of a record, or of what is typed so far. */
export const findDuplicates = (
  entity: string,
  asked: { id?: Id; fields?: Fields },
  signal?: AbortSignal,
): Promise<Duplicates> => api.post("/records/{entity}/duplicates", asked, { path: { entity }, signal });

/** What a merge would do. */
export const tryMerge = async (entity: string, input: MergeInput, signal?: AbortSignal) =>
  (await api.post(
    "/records/{entity}/merge",
    { ...input, dry_run: true },
    { path: { entity }, signal },
  )) as Merged;

/** Waits for its end; of a long one, says how far it is. */
export const mergeRecords = async (
  entity: string,
  input: MergeInput,
  onProgress?: (job: Job<Merged>) => void,
): Promise<Merged> =>
  outcome<Merged>(await api.create("/records/{entity}/merge", input, { path: { entity } }), onProgress);

export const setDuplicates = (entity: string, mode: DuplicateMode) =>
  api.put("/entities/{entity}/duplicates", { mode }, { path: { entity } });

export const exportList = (input: ListExport): Promise<AnyJob> => api.create("/exports", input);

export const jobOf = (id: Id): Promise<AnyJob> => api.get("/jobs/{id}", { path: { id } });

export const cancelJob = (id: Id) => api.delete("/jobs/{id}", { path: { id } });
