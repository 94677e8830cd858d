/** Who may do what with a record, and how many records somebody reaches. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import type { Body, Id } from "./types";

export type PersonAccess = Body<"PersonAccessView">;
export type AccessReason = Body<"AccessReason">;

const path = "/records/{entity}/{id}/access";

/** Everybody who sees the record, page by page. */
export const accessQuery = (entity: string, id: Id) =>
  infiniteQueryOptions({
    queryKey: ["access", entity, id],
    queryFn: ({ pageParam, signal }) =>
      api.get(path, { path: { entity, id }, query: pageParam ? { cursor: pageParam } : {}, signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    staleTime: 0,
  });

/** One person, with access or without. */
export const accessOfQuery = (entity: string, id: Id, user: Id) =>
  queryOptions({
    queryKey: ["access", entity, id, user],
    queryFn: ({ signal }) =>
      api.get(path, { path: { entity, id }, query: { user }, signal }).then((page) => page.items[0] ?? null),
    staleTime: 0,
  });

export const reachQuery = (user: Id, entity: string) =>
  queryOptions({
    queryKey: ["access-preview", user, entity],
    queryFn: ({ signal }) => api.post("/access/preview", { user, entity }, { signal }),
    staleTime: 0,
  });
