/** Where files of a record are: the server's, or those of a sample. */
import type { FileView, Id } from "@/api/types";
import type { UploadOptions } from "@/api/upload";

export interface FilesDoor {
  list(entity: string, id: Id, signal?: AbortSignal): Promise<FileView[]>;
  /** Those in the bin. */
  removed(entity: string, id: Id, signal?: AbortSignal): Promise<FileView[]>;
  upload(entity: string, id: Id, file: File, options: UploadOptions): Promise<unknown>;
  remove(file: FileView): Promise<void>;
  restore(file: FileView): Promise<void>;
  /** To look at, to save, and a small picture. */
  contentUrl(id: Id): string;
  downloadUrl(id: Id): string;
  thumbnailUrl(id: Id): string;
}

export interface CardFilesProps {
  entity: string;
  id: Id;
  /** Whether the person may add and remove. */
  changes: boolean;
}
