/** Process definitions with their drawings, instances, and what operators do to them. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Definition, Id, Instance } from "./types";
import { upload } from "./upload";

export const definitionsQuery = queryOptions({
  queryKey: keys.definitions,
  queryFn: ({ signal }) => api.get("/process-definitions", { signal }).then((page) => page.items),
});

/** By id or key; the newest version by default. */
export const definitionQuery = (id: string, version?: number) =>
  queryOptions({
    queryKey: keys.definition(id, version),
    queryFn: ({ signal }) =>
      api.get("/process-definitions/{id}", { path: { id }, query: { version }, signal }),
  });

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.definitionVersions(id),
    queryFn: ({ signal }) =>
      api.get("/process-definitions/{id}/versions", { path: { id }, signal }).then((page) => page.items),
  });

/** The file of a version; a version never changes. */
export const drawingQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: keys.drawing(id, version),
    queryFn: ({ signal }) =>
      api.text("/process-definitions/{id}/versions/{version}/xml", {
        path: { id, version },
        signal,
      }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const templatesQuery = queryOptions({
  queryKey: keys.processTemplates,
  queryFn: ({ signal }) => api.get("/process-templates", { signal }).then((page) => page.items),
});

async function changed<T>(answer: Promise<T>): Promise<T> {
  const result = await answer;
  await queryClient.invalidateQueries({ queryKey: keys.definitions });
  return result;
}

/** A refusal names problems by element in `fields`. */
export const deployFile = (file: Blob) =>
  changed(upload("/process-definitions", new Blob([file], { type: "application/xml" })));
export async function deployTemplate(key: string, publish: boolean) {
  const made = await changed(
    api.create("/process-templates/{key}/deploy", undefined, { path: { key }, query: { publish } }),
  );
  void queryClient.invalidateQueries({ queryKey: keys.processTemplates });
  return made;
}
export const publishDefinition = (id: string, version: number): Promise<Definition> =>
  changed(api.post("/process-definitions/{id}/publish", { version }, { path: { id } }));
export const dryRun = (id: string, input: Body<"DryRunInput">) =>
  api.post("/process-definitions/{id}/dry-run", input, { path: { id } });

/** Which instances: the query of `GET /process-instances`, without its page. */
export interface InstanceList {
  definition?: string;
  /** `incident`: active with something wrong. */
  state?: "active" | "completed" | "cancelled" | "incident";
  subject?: Id;
  element?: string;
  overdue?: boolean;
  person?: string;
  q?: string;
}

export const instancesQuery = (list: InstanceList, limit = 50) =>
  infiniteQueryOptions({
    queryKey: keys.instanceList({ ...list, limit }),
    queryFn: ({ pageParam, signal }) =>
      api.get("/process-instances", {
        query: { ...list, limit, cursor: pageParam ?? undefined, total: pageParam ? undefined : true },
        signal,
      }),
    initialPageParam: null as Id | null,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 10_000,
  });

export const instanceQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.instance(id),
    queryFn: ({ signal }) => api.get("/process-instances/{id}", { path: { id }, signal }),
  });

/** Where it stands on its drawing, with the working time of each step. */
export const instanceMapQuery = (id: Id) =>
  queryOptions({
    queryKey: [...keys.instance(id), "map"],
    queryFn: ({ signal }) => api.get("/process-instances/{id}/map", { path: { id }, signal }),
    staleTime: 10_000,
  });

export const instanceHistoryQuery = (id: Id) =>
  infiniteQueryOptions({
    queryKey: keys.instanceHistory(id),
    queryFn: ({ pageParam, signal }) =>
      api.get("/process-instances/{id}/history", {
        path: { id },
        query: { limit: 100, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const nextQuery = (id: Id, wait: number, variables: Record<string, unknown>) =>
  queryOptions({
    queryKey: keys.instanceNext(id, wait, variables),
    queryFn: ({ signal }) =>
      api.post("/process-instances/{id}/next", { wait, variables }, { path: { id }, signal }),
  });

async function put(answer: Promise<Instance>): Promise<Instance> {
  const instance = await answer;
  queryClient.setQueryData(keys.instance(instance.id), instance);
  void queryClient.invalidateQueries({ queryKey: keys.instanceLists });
  void queryClient.invalidateQueries({ queryKey: keys.instanceHistory(instance.id) });
  void queryClient.invalidateQueries({ queryKey: keys.taskLists });
  return instance;
}

const at = (id: Id) => ({ path: { id } });

export const startInstance = (input: Body<"StartInput">, key: string) =>
  put(api.create("/process-instances", input, { idempotencyKey: key }));
export const cancelInstance = (id: Id) => put(api.post("/process-instances/{id}/cancel", undefined, at(id)));
export const retryIncident = (id: Id, incident: number) =>
  put(api.post("/process-instances/{id}/retry", { incident }, at(id)));
export const skipIncident = (id: Id, incident: number) =>
  put(api.post("/process-instances/{id}/skip", { incident }, at(id)));
export const startFrom = (id: Id, element: string) =>
  put(api.post("/process-instances/{id}/start-from", { element }, at(id)));
