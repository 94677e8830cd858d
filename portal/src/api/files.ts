/** Files of records: their list, sending, removing and taking out of the bin. */
import { addressOf, api } from "./client";
import { refreshFiles } from "./live-files";
import type { FileView, Id } from "./types";
import { type UploadOptions, upload } from "./upload";

const listFiles = (entity: string, id: Id, signal?: AbortSignal): Promise<FileView[]> =>
  api.get("/records/{entity}/{id}/files", { path: { entity, id }, signal }).then((page) => page.items);

const listRemoved = (entity: string, id: Id, signal?: AbortSignal): Promise<FileView[]> =>
  api
    .get("/records/{entity}/{id}/files", { path: { entity, id }, query: { removed: true }, signal })
    .then((page) => page.items);

/** Its name goes in the address: in a form browsers write quotes and line ends as `%22`, which nobody undoes. */
async function uploadFile(
  entity: string,
  id: Id,
  file: File,
  options: UploadOptions = {},
): Promise<FileView> {
  const path = addressOf("/records/{entity}/{id}/files", {
    path: { entity, id },
    query: { name: file.name },
  });
  const made = await upload<"/records/{entity}/{id}/files">(
    path as "/records/{entity}/{id}/files",
    new Blob([file], { type: "application/octet-stream" }),
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
  removed: listRemoved,
  upload: uploadFile,
  remove: removeFile,
  restore: restoreFile,
  contentUrl,
  downloadUrl,
  thumbnailUrl,
};
