/** Reports that people keep, share, have sent to them and take away as files. */
import { queryOptions } from "@tanstack/react-query";
import { newKey, request } from "./client";
import { outcome } from "./jobs";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type {
  ExportResult,
  SavedInput,
  SavedReport,
  Schedule,
  ScheduleInput,
  SentReport,
} from "./reports-wire";
import type { AnyJob, Id, Refs } from "./types";

interface Items<T> {
  items: T[];
}

export const savedReportsQuery = queryOptions({
  queryKey: keys.savedReports,
  queryFn: ({ signal }) =>
    request<Items<SavedReport>>("GET", "/reports/saved", undefined, { signal }).then(({ items }) => items),
});

export function savedReportQuery(id: Id) {
  return queryOptions({
    queryKey: keys.savedReport(id),
    queryFn: ({ signal }) =>
      request<SavedReport>("GET", "/reports/saved/{id}", undefined, { path: { id }, signal }),
  });
}

function keep(report: SavedReport): SavedReport {
  queryClient.setQueryData(keys.savedReport(report.id), report);
  void queryClient.invalidateQueries({ queryKey: keys.savedReports, exact: true });
  void queryClient.invalidateQueries({ queryKey: keys.dashboards });
  return report;
}

export const createSaved = async (input: SavedInput) =>
  keep(await request<SavedReport>("POST", "/reports/saved", input, { idempotencyKey: newKey() }));

export const updateSaved = async ({ id, version }: SavedReport, patch: Partial<SavedInput>) =>
  keep(await request<SavedReport>("PATCH", "/reports/saved/{id}", patch, { path: { id }, version }));

export async function deleteSaved({ id, version }: SavedReport): Promise<void> {
  await request<void>("DELETE", "/reports/saved/{id}", undefined, { path: { id }, version });
  queryClient.removeQueries({ queryKey: keys.savedReport(id) });
  await queryClient.invalidateQueries({ queryKey: keys.savedReports, exact: true });
}

export function schedulesQuery(report: Id) {
  return queryOptions({
    queryKey: keys.schedules(report),
    queryFn: ({ signal }) =>
      request<Items<Schedule>>("GET", "/reports/saved/{id}/schedules", undefined, {
        path: { id: report },
        signal,
      }).then(({ items }) => items),
  });
}

export function sentQuery(report: Id) {
  return queryOptions({
    queryKey: keys.sentReports(report),
    queryFn: ({ signal }) =>
      request<Items<SentReport> & { refs: Refs }>("GET", "/reports/saved/{id}/sent", undefined, {
        path: { id: report },
        signal,
      }),
  });
}

/** `schedule`: the one that is changed; a new one without it. */
export async function saveSchedule(report: Id, input: ScheduleInput, schedule?: Schedule): Promise<void> {
  const path = { id: report, schedule: schedule?.id ?? "" };
  await (schedule
    ? request("PATCH", "/reports/saved/{id}/schedules/{schedule}", input, { path, version: schedule.version })
    : request("POST", "/reports/saved/{id}/schedules", input, { path, idempotencyKey: newKey() }));
  await queryClient.invalidateQueries({ queryKey: keys.schedules(report) });
}

export async function deleteSchedule(report: Id, schedule: Schedule): Promise<void> {
  await request("DELETE", "/reports/saved/{id}/schedules/{schedule}", undefined, {
    path: { id: report, schedule: schedule.id },
    version: schedule.version,
  });
  await queryClient.invalidateQueries({ queryKey: keys.schedules(report) });
}

/** Sends it now, to oneself unless it says to whom. */
export async function sendReport(report: Id, recipients?: Id[]): Promise<number> {
  const body = recipients ? { recipients } : {};
  const { queued } = await request<{ queued: number }>("POST", "/reports/saved/{id}/send", body, {
    path: { id: report },
  });
  await queryClient.invalidateQueries({ queryKey: keys.sentReports(report) });
  return queued;
}

export type ExportFormat = "csv" | "xlsx";
export type Exported = { kind: string; config: unknown } | { saved: Id };

/** A file of figures; `begun` hears of the work as soon as it has an id. */
export async function exportReport(
  of: Exported,
  format: ExportFormat,
  name: string,
  onProgress: (job: { id: Id; done: number; total: number }) => void,
): Promise<ExportResult["file"]> {
  const job = await request<AnyJob>(
    "POST",
    "/reports/export",
    { ...of, format, name },
    { idempotencyKey: newKey() },
  );
  const { file } = await outcome<ExportResult>(job, (at) =>
    onProgress({ id: at.id, done: at.done, total: at.total }),
  );
  return file;
}

export const cancelJob = (id: Id) => request<void>("DELETE", "/jobs/{id}", undefined, { path: { id } });
