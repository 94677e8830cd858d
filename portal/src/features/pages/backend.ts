/** Where a page of a plugin has its data from: the API. */
import { addressOf, api } from "@/api/client";
import { createRecord, deleteRecord, moveToStage, restoreRecord, updateRecord } from "@/api/records";
import type { Fields } from "@/api/types";
import type { Backend, ReadAnswer } from "@/engines/blocks/wire";

/** Packages whose pages want code of the plugin are refused by the host: nothing here can be asked for it. */
const unknown = () => Promise.reject(new Error("The server runs no code of plugins for pages."));

export const backend: Backend = {
  read: (request, signal) => api.post("/read", request as never, { signal }) as Promise<ReadAnswer>,
  act: unknown,
  render: unknown,
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
  downloadUrl: (what) => ("file" in what ? addressOf("/api/v1/files/{id}", { path: { id: what.file } }) : ""),
};
