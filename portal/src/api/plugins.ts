/** Plugins of the company: what is installed, what runs, what it may and what it did. Administrators only. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { LogLevel, LogLine, Page, Plugin, PluginCost, PluginDetail, Value } from "./types";
import { type UploadOptions, upload } from "./upload";

const path = (id: string, rest = "") => `/plugins/${encodeURIComponent(id)}${rest}`;

export const pluginsQuery = queryOptions({
  queryKey: keys.plugins,
  queryFn: ({ signal }) => api.get<{ items: Plugin[] }>("/plugins", { signal }).then((page) => page.items),
});

export function pluginQuery(id: string) {
  return queryOptions({
    queryKey: keys.plugin(id),
    queryFn: ({ signal }) => api.get<PluginDetail>(path(id), { signal }),
  });
}

/** Lines at least as serious as `level`, newest first. */
export function pluginLogsQuery(id: string, level: LogLevel) {
  return infiniteQueryOptions({
    queryKey: keys.pluginLogs(id, level),
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams({ level });
      if (pageParam) params.set("cursor", pageParam);
      return api.get<Page<LogLine>>(path(id, `/logs?${params}`), { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 0,
  });
}

export function pluginCostQuery(id: string) {
  return queryOptions({
    queryKey: keys.pluginCost(id),
    queryFn: ({ signal }) =>
      api.get<{ items: PluginCost[] }>(path(id, "/cost"), { signal }).then((page) => page.items),
    staleTime: 0,
  });
}

/** Puts a plugin's new state in place; what other pages show of it is asked again. */
function kept(plugin: PluginDetail): PluginDetail {
  queryClient.setQueryData(keys.plugin(plugin.id), plugin);
  void queryClient.invalidateQueries({ queryKey: keys.plugins, exact: true });
  void queryClient.invalidateQueries({ queryKey: keys.me });
  return plugin;
}

export function installPlugin(file: File, options: UploadOptions): Promise<PluginDetail> {
  return upload<PluginDetail>(
    "/plugins",
    new Blob([file], { type: "application/octet-stream" }),
    options,
  ).then(kept);
}

export const enablePlugin = (id: string, settings?: Record<string, Value>) =>
  api.post<PluginDetail>(path(id, "/enable"), { grants: "requested", settings }).then(kept);

export const disablePlugin = (id: string) => api.post<PluginDetail>(path(id, "/disable")).then(kept);

export const savePluginSettings = (id: string, settings: Record<string, Value>) =>
  api.put<PluginDetail>(path(id, "/settings"), { settings }).then(kept);

export const renewPluginSecret = (id: string) => api.post<PluginDetail>(path(id, "/secret")).then(kept);

export async function uninstallPlugin(id: string): Promise<void> {
  await api.delete(path(id));
  queryClient.removeQueries({ queryKey: keys.plugin(id) });
  void queryClient.invalidateQueries({ queryKey: keys.plugins, exact: true });
}
