/** Kinds of records, as administrators make and change them. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import { aggregate } from "./records";
import type { Body } from "./types";

export type NewEntity = Body<"NewEntity">;
export type EntityPatch = Partial<Body<"EntityPatch">>;
export type RemovedEntity = Body<"Items_RemovedEntityView">["items"][number];

/** Those that were removed: they come back with their records, and their keys stay taken. */
export const removedEntitiesQuery = queryOptions({
  queryKey: [...keys.entities, "removed"],
  queryFn: ({ signal }) => api.get("/entities/removed", { signal }).then(({ items }) => items),
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
  await queryClient.invalidateQueries({ queryKey: keys.entities });
  void queryClient.invalidateQueries({ queryKey: keys.pipelines });
  return result;
}

/** Repeated after a lost answer, it is made once. */
export const createEntity = (entity: NewEntity) => changed(api.create("/entities", entity));

export const changeEntity = (entity: string, patch: EntityPatch) =>
  changed(api.patch("/entities/{entity}", patch as Body<"EntityPatch">, { path: { entity } }));

/** Hidden with all its records; `restoreEntity` brings both back. */
export const removeEntity = (entity: string) =>
  changed(api.delete("/entities/{entity}", { path: { entity } }));

export const restoreEntity = (entity: string) =>
  changed(api.post("/entities/{entity}/restore", undefined, { path: { entity } }));
