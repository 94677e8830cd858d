/** Saved views: one's own and those shared with the company. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import type { View } from "./types";

export function viewsQuery(entity: string) {
  return queryOptions({
    queryKey: keys.views(entity),
    queryFn: ({ signal }) =>
      api
        .get<{ items: View[] }>(`/views?entity=${encodeURIComponent(entity)}`, { signal })
        .then((page) => page.items),
    staleTime: 60_000,
  });
}

export const createView = (view: Pick<View, "entity" | "name" | "kind" | "shared" | "config">) =>
  api.create<View>("/views", view);

export const updateView = (id: string, patch: Partial<Pick<View, "name" | "shared" | "config">>) =>
  api.patch<View>(`/views/${id}`, patch);

export const deleteView = (id: string) => api.delete(`/views/${id}`);
