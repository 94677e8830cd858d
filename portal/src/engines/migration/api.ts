/** Asking about running instances of a definition, and bringing them to another version. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { type Job, outcome } from "@/api/jobs";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Body, Id, Instance } from "@/api/types";
import type { Mapping, Report } from "./model";

const PAGE = 500;
const PAGES = 2;

/** The active ones; `more`: than were read. */
export const runningQuery = (definition: string) =>
  queryOptions({
    queryKey: keys.instanceList({ definition, state: "active", all: true }),
    queryFn: async ({ signal }) => {
      const found: Instance[] = [];
      let cursor: Id | undefined;
      for (let page = 0; page < PAGES; page += 1) {
        const answer = await api.get("/process-instances", {
          query: { definition, state: "active", limit: PAGE, cursor },
          signal,
        });
        found.push(...answer.items);
        cursor = answer.next_cursor ?? undefined;
        if (!cursor) break;
      }
      return { instances: found, more: cursor !== undefined };
    },
    staleTime: 5_000,
  });

/** What would happen; nothing does. */
export const rehearsalQuery = (definition: string, version: number, mapping: Mapping) =>
  queryOptions({
    queryKey: [...keys.instanceLists, "migration", definition, version, mapping],
    queryFn: ({ signal }) =>
      api.post(
        "/process-definitions/{id}/migrate",
        { version, mapping, dry_run: true },
        { path: { id: definition }, signal },
      ) as Promise<Report>,
    staleTime: 0,
  });

/** Done again after a lost answer, it goes on with those that are left. */
export async function migrate(
  definition: string,
  version: number,
  mapping: Mapping,
  onProgress: (job: Job<Report>) => void,
): Promise<Report> {
  const answer = await api.post(
    "/process-definitions/{id}/migrate",
    { version, mapping },
    { path: { id: definition } },
  );
  try {
    const report = await outcome<Report>(answer as Report, onProgress);
    // What was a job is taken back by the job's name.
    return { ...report, batch: "id" in answer ? answer.id : report.batch };
  } finally {
    refresh();
  }
}

function refresh() {
  void queryClient.invalidateQueries({ queryKey: ["process-instances"] });
  void queryClient.invalidateQueries({ queryKey: keys.taskLists });
}

export type Undone = Body<"UndoneMigration">;

/** Takes back what has not gone on since. Asked again it is the same work. */
export async function undoMigration(
  definition: string,
  batch: Id,
  onProgress: (job: Job<Undone>) => void,
): Promise<Undone> {
  const answer = await api.post(
    "/process-definitions/{id}/migrate/undo",
    { batch },
    { path: { id: definition } },
  );
  try {
    return await outcome<Undone>(answer as Undone, onProgress);
  } finally {
    refresh();
  }
}
