/** Saved views: one's own and those shared with the company. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import type { Body, Id } from "./types";

export function viewsQuery(entity: string) {
  return queryOptions({
    queryKey: keys.views(entity),
    queryFn: ({ signal }) => api.get("/views", { query: { entity }, signal }).then((page) => page.items),
    staleTime: 60_000,
  });
}

export const createView = (view: Body<"ViewInput">) => api.create("/views", view);

export const updateView = (id: Id, patch: Body<"ViewPatch">) =>
  api.patch("/views/{id}", patch, { path: { id } });

export const deleteView = (id: Id) => api.delete("/views/{id}", { path: { id } });
