/** Files of records: their list, sending, removing and taking out of the bin. */
import { addressOf, api } from "./client";
import { refreshFiles } from "./live-files";
import type { FileView, Id } from "./types";
import { type UploadOptions, upload } from "./upload";

const listFiles = (entity: string, id: Id, signal?: AbortSignal): Promise<FileView[]> =>
  api.get("/records/{entity}/{id}/files", { path: { entity, id }, signal }).then((page) => page.items);

async function uploadFile(
  entity: string,
  id: Id,
  file: File,
  options: UploadOptions = {},
): Promise<FileView> {
  const form = new FormData();
  form.set("file", file);
  const path = addressOf("/records/{entity}/{id}/files", { path: { entity, id } });
  const made = await upload<"/records/{entity}/{id}/files">(
    path as "/records/{entity}/{id}/files",
    form,
    options,
  );
  refreshFiles(entity, id);
  return made;
}

async function removeFile(file: FileView): Promise<void> {
  await api.delete("/files/{id}", { path: { id: file.id } });
  refreshFiles(file.entity, file.record);
}

async function restoreFile(file: FileView): Promise<void> {
  await api.post("/files/{id}/restore", undefined, { path: { id: file.id } });
  refreshFiles(file.entity, file.record);
}

/** Where the bytes are. Plain addresses: the browser asks with the session's cookie. */
const contentUrl = (id: Id) => `/api/v1${addressOf("/files/{id}/content", { path: { id } })}`;
const downloadUrl = (id: Id) => `${contentUrl(id)}?download=true`;
const thumbnailUrl = (id: Id) => `/api/v1${addressOf("/files/{id}/thumbnail", { path: { id } })}`;

/** The server's files. */
export const files = {
  list: listFiles,
  upload: uploadFile,
  remove: removeFile,
  restore: restoreFile,
  contentUrl,
  downloadUrl,
  thumbnailUrl,
};
