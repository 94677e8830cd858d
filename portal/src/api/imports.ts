/** Imports of spreadsheets: the file, its mapping, the dry run, the import itself and its undo. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Id, Import, ImportHeader } from "./types";
import { type UploadOptions, upload } from "./upload";

/** How often a working import is asked about, beside the live stream. */
const poll_ms = 1_000;

export const isWorking = (one: Pick<Import, "state">) => one.state === "checking" || one.state === "running";

export const importsQuery = queryOptions({
  queryKey: keys.imports,
  queryFn: ({ signal }) => api.get("/imports", { signal }).then((page) => page.items),
  refetchInterval: ({ state }) => (state.data?.some(isWorking) ? 2 * poll_ms : false),
});

export function importQuery(id: Id) {
  return queryOptions({
    queryKey: keys.import(id),
    queryFn: ({ signal }) => api.get("/imports/{id}", { path: { id }, signal }),
    refetchInterval: ({ state }) => (state.data && isWorking(state.data) ? poll_ms : false),
  });
}

export function batchQuery(id: Id) {
  return queryOptions({
    queryKey: keys.batch(id),
    queryFn: ({ signal }) => api.get("/batches/{id}", { path: { id }, signal }),
    staleTime: 0,
  });
}

function kept(one: Import): Import {
  queryClient.setQueryData(keys.import(one.id), one);
  void queryClient.invalidateQueries({ queryKey: keys.imports, exact: true });
  return one;
}

export function uploadImport(entity: string, file: File, options: UploadOptions): Promise<Import> {
  const form = new FormData();
  form.set("entity", entity);
  form.set("file", file);
  return upload("/imports", form, options).then(kept);
}

/** A table behind a link: a sheet of Google, a CSV or XLSX file. */
export const linkImport = (entity: string, url: string) =>
  api.post("/imports/link", { entity, url }).then(kept);

export const setHeader = (id: Id, header: ImportHeader) =>
  api.post("/imports/{id}/header", header, { path: { id } }).then(kept);

/** What stands in a column, and what it means in a field. */
export function valuesQuery(id: Id, column: number, field: string) {
  return queryOptions({
    queryKey: [...keys.import(id), "values", column, field],
    queryFn: ({ signal }) =>
      api.get("/imports/{id}/values", { path: { id }, query: { column, field }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Where columns go, and how. */
export type Choices = Pick<Import, "mapping" | "options">;

export const checkImport = (id: Id, choices: Choices) =>
  api.post("/imports/{id}/check", choices, { path: { id } }).then(kept);
export const startImport = (id: Id, choices: Choices) =>
  api.post("/imports/{id}/start", choices, { path: { id } }).then(kept);
export const cancelImport = (id: Id) =>
  api.post("/imports/{id}/cancel", undefined, { path: { id } }).then(kept);
export const resumeImport = (id: Id) =>
  api.post("/imports/{id}/resume", undefined, { path: { id } }).then(kept);

/** The refused rows as CSV, or those that lack cells. A plain address: the browser downloads it with the session's cookie. */
export const reportUrl = (id: Id, leftOut = false) =>
  `/api/v1/imports/${id}/report${leftOut ? "?left_out=true" : ""}`;
