/** Plugins of the company: what is installed, what runs, what it may and what it did. Administrators only. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { addressOf, api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Id, LogLevel, PluginDetail, Value } from "./types";
import { type UploadOptions, upload } from "./upload";

export const pluginsQuery = queryOptions({
  queryKey: keys.plugins,
  queryFn: ({ signal }) => api.get("/plugins", { signal }).then((page) => page.items),
});

export function pluginQuery(id: string) {
  return queryOptions({
    queryKey: keys.plugin(id),
    queryFn: ({ signal }) => api.get("/plugins/{id}", { path: { id }, signal }),
  });
}

/** Lines at least as serious as `level`, newest first. */
export function pluginLogsQuery(id: string, level: LogLevel) {
  return infiniteQueryOptions({
    queryKey: keys.pluginLogs(id, level),
    queryFn: ({ pageParam, signal }) =>
      api.get("/plugins/{id}/logs", {
        path: { id },
        query: { level, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 0,
  });
}

export function pluginCostQuery(id: string) {
  return queryOptions({
    queryKey: keys.pluginCost(id),
    queryFn: ({ signal }) =>
      api.get("/plugins/{id}/cost", { path: { id }, signal }).then((page) => page.items),
    staleTime: 0,
  });
}

/** Puts a plugin's new state in place; what other pages show of it is asked again. */
function kept(plugin: PluginDetail): PluginDetail {
  queryClient.setQueryData(keys.plugin(plugin.id), plugin);
  void queryClient.invalidateQueries({ queryKey: keys.plugins, exact: true });
  void queryClient.invalidateQueries({ queryKey: keys.me });
  void queryClient.invalidateQueries({ queryKey: keys.entities });
  void queryClient.invalidateQueries({ queryKey: keys.pages });
  return plugin;
}

export function installPlugin(file: File, options: UploadOptions): Promise<PluginDetail> {
  return upload("/plugins", new Blob([file], { type: "application/octet-stream" }), options).then(kept);
}

/** `version` is the one whose permissions the administrator has seen. */
export const enablePlugin = (
  id: string,
  version: string,
  settings?: Record<string, Value>,
  roles?: Record<string, Id[]>,
) =>
  api
    .post("/plugins/{id}/enable", { grants: "requested", version, settings, roles }, { path: { id } })
    .then(kept);

export const disablePlugin = (id: string) =>
  api.post("/plugins/{id}/disable", undefined, { path: { id } }).then(kept);

export const savePluginSettings = (id: string, settings: Record<string, Value>) =>
  api.put("/plugins/{id}/settings", { settings }, { path: { id } }).then(kept);

/** The departments that it is on for; `null` for everybody. */
export const savePluginGate = (id: string, departments: Id[] | null) =>
  api.put("/plugins/{id}/gate", { departments }, { path: { id } }).then(kept);

export const renewPluginSecret = (id: string) =>
  api.post("/plugins/{id}/secret", undefined, { path: { id } }).then(kept);

/** For good: its entities with their records, its fields with their values, its keys, settings and log. */
/** Where all that the company holds of it is read from: a workbook for people, or lines of JSON with everything. */
export const pluginExportUrl = (id: string, as: "xlsx" | "jsonl") =>
  `/api/v1${addressOf("/plugins/{id}/export", { path: { id }, query: { as } })}`;

export async function purgePlugin(id: string) {
  const purged = await api.post("/plugins/{id}/purge", undefined, { path: { id } });
  void queryClient.invalidateQueries({ queryKey: keys.plugins });
  void queryClient.invalidateQueries({ queryKey: keys.entities });
  return purged;
}

export async function uninstallPlugin(id: string): Promise<void> {
  await api.delete("/plugins/{id}", { path: { id } });
  queryClient.removeQueries({ queryKey: keys.plugin(id) });
  void queryClient.invalidateQueries({ queryKey: keys.plugins, exact: true });
}
