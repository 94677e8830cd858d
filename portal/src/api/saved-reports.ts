/** Reports that people keep, share, have sent to them and take away as files. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { outcome } from "./jobs";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { SavedInput, SavedReport, Schedule, ScheduleInput } from "./reports-wire";
import type { Body, Id } from "./types";

export const savedReportsQuery = queryOptions({
  queryKey: keys.savedReports,
  queryFn: ({ signal }) => api.get("/reports/saved", { signal }).then(({ items }) => items),
});

export function savedReportQuery(id: Id) {
  return queryOptions({
    queryKey: keys.savedReport(id),
    queryFn: ({ signal }) => api.get("/reports/saved/{id}", { path: { id }, signal }),
  });
}

function keep(report: SavedReport): SavedReport {
  queryClient.setQueryData(keys.savedReport(report.id), report);
  void queryClient.invalidateQueries({ queryKey: keys.savedReports, exact: true });
  void queryClient.invalidateQueries({ queryKey: keys.dashboards });
  return report;
}

export const createSaved = async (input: SavedInput) => keep(await api.create("/reports/saved", input));

export const updateSaved = async ({ id, version }: SavedReport, patch: Partial<SavedInput>) =>
  keep(await api.patch("/reports/saved/{id}", patch as Body<"SavedReportChange">, { path: { id }, version }));

export async function deleteSaved({ id, version }: SavedReport): Promise<void> {
  await api.delete("/reports/saved/{id}", { path: { id }, version });
  queryClient.removeQueries({ queryKey: keys.savedReport(id) });
  await queryClient.invalidateQueries({ queryKey: keys.savedReports, exact: true });
}

export function schedulesQuery(report: Id) {
  return queryOptions({
    queryKey: keys.schedules(report),
    queryFn: ({ signal }) =>
      api.get("/reports/saved/{id}/schedules", { path: { id: report }, signal }).then(({ items }) => items),
  });
}

export function sentQuery(report: Id) {
  return queryOptions({
    queryKey: keys.sentReports(report),
    queryFn: ({ signal }) => api.get("/reports/saved/{id}/sent", { path: { id: report }, signal }),
  });
}

/** `schedule`: the one that is changed; a new one without it. */
export async function saveSchedule(report: Id, input: ScheduleInput, schedule?: Schedule): Promise<void> {
  const path = { id: report, schedule: schedule?.id ?? "" };
  // A new one goes on from the beginning.
  const { enabled: _, ...begun } = input;
  await (schedule
    ? api.patch("/reports/saved/{id}/schedules/{schedule}", input, { path, version: schedule.version })
    : api.create("/reports/saved/{id}/schedules", begun, { path }));
  await queryClient.invalidateQueries({ queryKey: keys.schedules(report) });
}

export async function deleteSchedule(report: Id, schedule: Schedule): Promise<void> {
  await api.delete("/reports/saved/{id}/schedules/{schedule}", {
    path: { id: report, schedule: schedule.id },
    version: schedule.version,
  });
  await queryClient.invalidateQueries({ queryKey: keys.schedules(report) });
}

/** Sends it now, to oneself unless it says to whom. */
export async function sendReport(report: Id, recipients?: Id[]): Promise<number> {
  const { queued } = await api.post(
    "/reports/saved/{id}/send",
    { recipients: recipients ?? null, attach: true },
    { path: { id: report } },
  );
  await queryClient.invalidateQueries({ queryKey: keys.sentReports(report) });
  return queued;
}

export type ExportFormat = Body<"ExportFormat">;
export type Exported = Pick<Body<"ExportInput">, "kind" | "config"> | { saved: Id };

/** What an export leaves. */
interface ExportResult {
  file: { name: string; rows: number; bytes: number; href: string };
}

/** A file of figures; `begun` hears of the work as soon as it has an id. */
export async function exportReport(
  of: Exported,
  format: ExportFormat,
  name: string,
  onProgress: (job: { id: Id; done: number; total: number }) => void,
): Promise<ExportResult["file"]> {
  const job = await api.create("/reports/export", { ...of, format, name });
  const { file } = await outcome<ExportResult>(job, (at) =>
    onProgress({ id: at.id, done: at.done, total: at.total }),
  );
  return file;
}

export const cancelJob = (id: Id) => api.delete("/jobs/{id}", { path: { id } });
