/**
 * What the portal asks the server for pages of plugins, and what it is answered. The server's half is written from this
 * file; the portal knows no other calls. All calls run as the signed-in viewer (a plugin source as its `run_as` says).
 *
 * - `GET /api/v1/ui`                        -> UiAnswer       surfaces this person may see, in order
 * - `POST /api/v1/read`                     -> ReadAnswer     up to 20 sources at once, each with its own status
 * - `POST /api/v1/act`                      -> ActAnswer      `ui.act`; header `Idempotency-Key`: same key, same answer, 24 h
 * - `POST /api/v1/render`                   -> RenderAnswer   `ui.render`; read-only, may be repeated
 * - writes: the ordinary records API (`PATCH /records/{entity}/{id}` ...) through the one door, not this file.
 *
 * Refusals are problem details as everywhere (`api/problem`). 409 `ui.stale`: the package was upgraded; the answer's
 * `tree_hash` is the new one and the portal asks for the tree anew, values are carried over by name.
 */

import type { AnyJob, Field, Id, RecordData, Refs } from "@/api/types";
import type { FilesDoor } from "@/engines/files/door";
import type { Shape } from "@/engines/source";
import type { SourceSpec, Tree } from "./tree";

/** What a call runs for; the server never trusts `state`, it only hands it to the plugin. */
export interface ViewContext {
  plugin: string;
  surface: string;
  /** Hash of the tree that is shown; another one is 409 `ui.stale`. */
  tree_hash?: string;
  params: Record<string, unknown>;
  state: Record<string, unknown>;
  /** The record whose page or panel the surface stands on. */
  record?: { entity: string; id: Id };
  locale: string;
}

/** One source to read. Expressions in it are resolved by the portal: only JSON is left. */
export interface ReadItem {
  /** The name in the tree; unique within the call. */
  name: string;
  /**
   * The kind and its resolved values. The server checks them against the declared tree: entity, plugin source and shape
   * of the filter must be the declared ones, only values may differ.
   */
  source: SourceSpec;
  /** Where the portion before ended (records, plugin sources that page). */
  cursor?: string;
  /** Also count all rows (records). */
  total?: boolean;
}

export interface ReadRequest extends ViewContext {
  /** 1 to 20. */
  items: ReadItem[];
  /**
   * How long the call may wait for the slowest, ms; what is not there then is `late` and is asked alone (one item,
   * `wait_ms` 10000). The portal sends 300.
   */
  wait_ms: number;
}

/** `POST /read/file`. */
export interface FileRequest extends ViewContext {
  name: string;
  source: SourceSpec;
  as: "csv" | "xlsx";
}

export interface SourceRow {
  /** The record's id; of aggregates, reports and plugin sources a key that is unique in the answer. */
  id: Id;
  /** Only of records. */
  version?: number;
  entity?: string;
  fields: Record<string, unknown>;
}

export type ReadResult =
  | {
      name: string;
      status: "ok";
      rows: SourceRow[];
      /** What the columns are: types, labels, choices. A column the viewer may not read is absent. */
      fields: Field[];
      refs: Refs;
      next_cursor?: string | null;
      total?: number;
      /** Of `records` and `record`: what lists, boards and forms need to know of the entity. */
      shape?: Shape;
      /** When the figures were made, RFC 3339; absent = now. */
      at?: string;
    }
  | { name: string; status: "late" }
  | { name: string; status: "error"; problem: SourceProblem };

/** Why there is nothing. `by` is who failed, in words ("Leave requests"); `retry_at` while a breaker is open. */
export interface SourceProblem {
  code: string;
  detail: string;
  by?: string;
  retry_at?: string;
  request_id?: string;
}

export interface ReadAnswer {
  /** One for each item, in any order. */
  results: ReadResult[];
}

export interface ActRequest extends ViewContext {
  act: string;
  /** The row the action stood on, or the chosen rows (up to 200). */
  row?: { entity?: string; id: Id };
  rows?: Id[];
  /** Of the chosen rows, where they are records. */
  entity?: string;
  input: unknown;
}

export type Patch =
  | { op: "set"; params?: Record<string, unknown>; state?: Record<string, unknown> }
  | { op: "replace"; id: string; block: unknown }
  | { op: "refresh"; sources?: string[] }
  | { op: "toast"; text: string; tone?: "ok" | "danger" }
  | { op: "open"; url: string }
  | { op: "close" }
  | { op: "download"; url: string };

export interface ActAnswer {
  patches?: Patch[];
  /** By name of the input or field. */
  errors?: Record<string, string>;
  /** Of a selection: which rows were refused, and why. */
  refused?: { id: Id; detail: string }[];
  job?: AnyJob;
}

export interface RenderRequest extends ViewContext {
  input: unknown;
}
export interface RenderAnswer {
  tree: Tree;
  tree_hash: string;
}

/** Where the page's data come from: the API in the portal, memory in the gallery and the tests. */
export interface Backend {
  read(request: ReadRequest, signal: AbortSignal): Promise<ReadAnswer>;
  act(request: ActRequest, key: string): Promise<ActAnswer>;
  render(request: RenderRequest, signal: AbortSignal): Promise<RenderAnswer>;
  create(entity: string, fields: Record<string, unknown>, key: string): Promise<RecordData>;
  update(row: SourceRow, entity: string, patch: Record<string, unknown>): Promise<RecordData>;
  remove(row: SourceRow, entity: string): Promise<void>;
  restore?(entity: string, id: Id): Promise<void>;
  stage(row: SourceRow, entity: string, stage: string): Promise<RecordData>;
  startProcess(definition: string, row: SourceRow | undefined): Promise<void>;
  completeTask(task: Id, input: Record<string, unknown>): Promise<void>;
  /** Where a stored file is read from. */
  downloadUrl(what: { file: string }): string;
  /** Sends a file for an input of the type `file`; gives what the form is sent with. On public pages. */
  upload?(input: string, file: File): Promise<string>;
  /** All rows of a source as a file. */
  file(request: FileRequest): Promise<Blob>;
  /** Files of records. */
  files?: FilesDoor;
  /** Long work as it stands; nothing where it is not theirs or long gone. */
  job?(id: Id): Promise<AnyJob | undefined>;
  cancelJob?(id: Id): Promise<void>;
}

/** `GET /ui`: surfaces in the order of the slot, already decided by rights, gates and `when` over `me`. */
export interface UiAnswer {
  surfaces: {
    plugin: string;
    id: string;
    slot: string;
    title: string;
    order: number;
    tree_hash: string;
    /** The declared tree, texts in the viewer's language beside it; absent for rendered surfaces. */
    tree?: Tree;
    count?: number;
  }[];
  /** Texts of the packages in the viewer's language, by plugin and key; plural forms as `key_one`, `key_few` ... */
  texts: Record<string, Record<string, string>>;
}
