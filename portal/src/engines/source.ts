/**
 * Where an engine's rows come from and go to. Records of an entity are one source (`features/records`),
 * a plugin's block another. Engines know this and the query cache, never an address of the server.
 * Refusals come as the API's errors (`api/problem`): the engines show their words and keep what was typed.
 */
import type { QueryKey } from "@tanstack/react-query";
import type { ComponentType, ReactNode } from "react";
import type {
  AggregateQuery,
  AggregateRow,
  BulkAnswer,
  BulkRequest,
  Entity,
  Field,
  Fields,
  Id,
  RecordData,
  RecordPage,
  RecordQuery,
  Refs,
} from "@/api/types";
import type { Ask } from "./fields/evaluated";

/** What rows look like and what may be done with them: an entity of the catalogue, or what a block declares. */
export type Shape = Pick<
  Entity,
  | "key"
  | "label"
  | "label_plural"
  | "title_field"
  | "actions"
  | "fields"
  | "pipelines"
  | "gone_stages"
  | "layout"
> &
  Partial<Pick<Entity, "plugin">>;

/** Rows in portions, kept in the cache as infinite pages under `queryKey`. */
export interface AskedPages {
  queryKey: QueryKey;
  /** `cursor`: where the portion before ended; null = the first. */
  read(cursor: string | null, signal: AbortSignal): Promise<RecordPage>;
}
/** Groups of an aggregate, kept under `queryKey`. */
export interface AskedTotals {
  queryKey: QueryKey;
  read(signal: AbortSignal): Promise<AggregateRow[]>;
}

/** Something happened to a row, here or elsewhere. */
export interface RowChange {
  id: Id;
  /** The row as it is now; absent when it is gone or no longer visible. */
  record?: RecordData;
  /** No open page had this row before. */
  fresh: boolean;
}

export interface RowLinkProps {
  id: Id;
  className?: string;
  tabIndex?: number;
  draggable?: boolean;
  children: ReactNode;
  onKeyDown?(event: React.KeyboardEvent<HTMLElement>): void;
  "aria-describedby"?: string;
}

export interface ValueProps {
  field: Field;
  record: RecordData;
}

/** One row at a time: enough for a card or a form in place. */
export interface RowSource {
  shape: Shape;
  /**
   * Saves fields of a row, shown at once. `base` is the row as the person saw it when the editing began; `reason`: why it
   * is saved in spite of a warning.
   */
  save(base: RecordData, patch: Fields, refs?: Refs, reason?: string): Promise<RecordData>;
  /** Takes over a row's newest form, learnt from an answer; what depends on it is asked again. */
  accept(record: RecordData): void;
}

/** Many rows: what lists and boards need. */
export interface Source extends RowSource {
  /** Rows of one list; with `column`, of one column of a board. */
  pages(query: RecordQuery, column?: string): AskedPages;
  /** Counts and sums. */
  totals(query: AggregateQuery): AskedTotals;
  /** One portion of rows, past the cache: choosing all of them. */
  portion(query: RecordQuery): Promise<RecordPage>;
  /** Moves a row to another stage: its own road, with its own rules. */
  move(id: Id, stage: string): Promise<RecordData>;
  /** A new row; a repeat with the same key makes one. Counts and sums are asked again. */
  create(fields: Fields, key: string): Promise<RecordData>;
  /** Several changes in one go. */
  bulk(request: BulkRequest): Promise<BulkAnswer>;
  /** How many rules of automation a change of these fields may set off. */
  countRules?(fields: string[]): Promise<number>;
  /** Takes changes in one go back; of long work, says how far it is. */
  undo(
    batch: Id,
    onProgress?: (job: { done: number; total: number }) => void,
  ): Promise<{ restored: number; kept_total: number }>;
  /** Lets a row go, with a way back; whether it is gone. */
  remove?(record: RecordData): Promise<boolean>;
  /** Takes a row out of the bin. */
  restore?(id: Id): Promise<RecordData>;
  /** Shows fields of a row wherever else it is open, before they are saved. */
  show(id: Id, patch: Fields): void;
  /** Many rows changed: everything shown of them is asked again. */
  refresh(): void;
  /** Tells of changes until the returned function is called. */
  changes(listener: (change: RowChange) => void): () => void;
  /** A link that opens a row where it stands. */
  Link: ComponentType<RowLinkProps>;
  /** Opens a row by itself. */
  open?(id: Id): void;
  /** How values are drawn in place of the usual way. */
  Value?: ComponentType<ValueProps>;
  /** What else can be done with a row, at the end of its line. */
  RowMenu?: ComponentType<{ id: Id; title: string }>;
  /** Goes around a row that is a card: a finger pushes it aside for what stands behind it; not while it is `off`. */
  RowSwipe?: ComponentType<{ id: Id; off: boolean; children: ReactNode }>;
  /** Rows stand as people arrange them: puts one before or after another. */
  reorder?(id: Id, next: Id, side: "before" | "after"): void;
  /** What else can be done with the chosen rows; then those that were refused stay chosen. */
  SelectionMenu?: ComponentType<{ ids: Id[]; onDone?(refused: Id[]): void }>;
  /** What the list itself offers for the chosen rows, beside that. */
  SelectionMore?: ComponentType<{ ids: Id[]; onDone?(refused: Id[]): void }>;
  /** Opens the whole form of a new row; its draft is the one kept under the shape's key. */
  compose?(preset: Fields): void;
}

/** Makes something out of a form. */
export interface FormSource {
  /** Names the draft that is kept in this tab. */
  key: string;
  shape: Shape;
  /** What is asked, in order. */
  fields: Shape["fields"];
  /** Keys of those asked at first; all of them when left out. */
  first?: string[];
  /** Set without being asked; what is typed wins. */
  preset: Fields;
  /** Names known beforehand. */
  refs: Refs;
  /** A repeat with the same key makes one. `reason`: why it is sent in spite of a warning. */
  submit(fields: Fields, key: string, refs: Refs, reason?: string): Promise<RecordData>;
  /** Says what the fields are like with these values, where they depend on each other. */
  ask?: Ask;
}
