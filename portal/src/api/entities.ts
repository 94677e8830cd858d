/** Kinds of records, as administrators make and change them. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import { aggregate } from "./records";
import type { AuditAct, Body } from "./types";

export type NewEntity = Body<"NewEntity">;
export type EntityPatch = Body<"EntityPatch">;

/** Pages of acts that are read: more than a company of a hundred own kinds has. */
const mostPages = 10;

/** What was done to kinds of records, the newest first: it knows their names in every language, and those that are removed. */
export const entityActsQuery = queryOptions({
  queryKey: [...keys.audit, "entities"],
  queryFn: async ({ signal }) => {
    const acts: AuditAct[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const found = await api.get("/audit", { query: { area: "entity", limit: 200, cursor }, signal });
      acts.push(...found.items);
      cursor = found.next_cursor ?? undefined;
      if (!cursor) break;
    }
    return acts;
  },
  staleTime: 10_000,
});

/** How many records of a kind there are, those in the recycle bin apart. */
export const entityCountQuery = (entity: string) =>
  queryOptions({
    queryKey: [...keys.aggregates(entity), "all"],
    queryFn: ({ signal }) => aggregate(entity, {}, signal).then((rows) => rows[0]?.values.count ?? 0),
  });

/** The menu, lists and everything else that shows kinds of records is read again. */
async function changed<T>(answer: Promise<T>): Promise<T> {
  const result = await answer;
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: keys.entities }),
    queryClient.invalidateQueries({ queryKey: keys.audit }),
  ]);
  void queryClient.invalidateQueries({ queryKey: keys.pipelines });
  return result;
}

/** Repeated after a lost answer, it is made once. */
export const createEntity = (entity: NewEntity) => changed(api.create("/entities", entity));

export const renameEntity = (entity: string, patch: EntityPatch) =>
  changed(api.patch("/entities/{entity}", patch, { path: { entity } }));

/** Hidden with all its records; `restoreEntity` brings both back. */
export const removeEntity = (entity: string) =>
  changed(api.delete("/entities/{entity}", { path: { entity } }));

export const restoreEntity = (entity: string) =>
  changed(api.post("/entities/{entity}/restore", undefined, { path: { entity } }));
