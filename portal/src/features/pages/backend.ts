/** Where a page of a plugin has its data from: the API. */
import { api } from "@/api/client";
import { files } from "@/api/files";
import { ApiError } from "@/api/problem";
import { createRecord, deleteRecord, moveToStage, restoreRecord, updateRecord } from "@/api/records";
import type { Fields } from "@/api/types";
import type { ActAnswer, Backend, ReadAnswer, RenderAnswer } from "@/engines/blocks/wire";

export const backend: Backend = {
  read: (request, signal) => api.post("/read", request as never, { signal }) as Promise<ReadAnswer>,
  act: (request, key) =>
    api.create("/act", request as never, { idempotencyKey: key }) as unknown as Promise<ActAnswer>,
  render: (request, signal) =>
    api.post("/render", request as never, { signal }) as unknown as Promise<RenderAnswer>,
  create: (entity, fields, key) => createRecord(entity, fields as Fields, key),
  update: (row, entity, patch) => updateRecord(entity, row.id, patch as Fields, row.version),
  remove: async (row, entity) => {
    await deleteRecord(entity, row.id);
  },
  restore: async (entity, id) => {
    await restoreRecord(entity, id);
  },
  stage: (row, entity, stage) => moveToStage(entity, row.id, stage),
  startProcess: async (definition, row) => {
    const subject = row?.entity ? { entity: row.entity, id: row.id } : undefined;
    await api.create("/process-instances", { definition, subject } as never);
  },
  completeTask: async (task, input) => {
    await api.create("/tasks/{id}/complete", input as never, { path: { id: task } });
  },
  async job(id) {
    try {
      return await api.get("/jobs/{id}", { path: { id } });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  },
  cancelJob: async (id) => {
    await api.delete("/jobs/{id}", { path: { id } });
  },
  downloadUrl: (what) => files.contentUrl(what.file),
  file: (request) => api.bytes("/read/file", request),
  files,
};
