/** Where the fields of an entity stand, as administrators arrange it. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id } from "./types";

export type LayoutSpec = Body<"LayoutSpec">;
export type LayoutOf = Body<"LayoutOf">;
export type SavedLayout = Body<"SavedLayout">;

const all = ["layouts"] as const;

export const layoutsQuery = (entity: string) =>
  queryOptions({
    queryKey: [...all, entity],
    queryFn: ({ signal }) => api.get("/layouts", { query: { entity }, signal }).then(({ items }) => items),
  });

export const layoutHistoryQuery = ({ entity, pipeline, role }: LayoutOf) =>
  queryOptions({
    queryKey: [...all, "history", entity, pipeline, role],
    queryFn: ({ signal }) =>
      api.get("/layouts/history", { query: { entity, pipeline, role }, signal }).then(({ items }) => items),
  });

/** Everybody's cards and lists follow. */
const arranged = async (answer: Promise<SavedLayout>): Promise<SavedLayout> => {
  const saved = await answer;
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: all }),
    queryClient.invalidateQueries({ queryKey: keys.entities }),
  ]);
  return saved;
};

/**
 * Null brings the product's arrangement back. Refused (409 `layout.changed`) where another save than `over` is the last
 * one; none: the product's arrangement.
 */
export const saveLayout = (of: LayoutOf, layout: LayoutSpec | null, over: Id | undefined) =>
  arranged(api.put("/layouts", { of, layout }, { version: over ?? "0" }));
/** Looks at them anew. */
export const refreshLayouts = (entity: string) =>
  queryClient.invalidateQueries({ queryKey: layoutsQuery(entity).queryKey });
export const restoreLayout = (id: Id) =>
  arranged(api.post("/layouts/{id}/restore", undefined, { path: { id } }));
