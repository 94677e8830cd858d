/**
 * Values of fields that were typed and are not saved: being typed, refused, or never sent. One per field of a
 * record, kept in this tab until they are saved or thrown away by the person.
 */
import { useSyncExternalStore } from "react";
import type { Field, Fields, RecordData, Refs, Value } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";

export interface Unsaved {
  value: Value;
  refs: Refs;
  /** Fields that go together with this one: the currency of an amount. */
  beside: Fields;
  /** The record as it was when the editing began. */
  base: RecordData;
  /** Why it was not saved. */
  problem?: string;
  /** It was only warned of: with a reason it is saved as it is. */
  warned?: boolean;
}

const listeners = new Set<() => void>();

export const placeOf = (record: Pick<RecordData, "entity" | "id">, field: Pick<Field, "key">) =>
  `field.${record.entity}.${record.id}.${field.key}`;

export const readUnsaved = (place: string) => readDraft<Unsaved>(place);

export function keepUnsaved(place: string, unsaved: Unsaved): void {
  keepDraft(place, unsaved);
  tell();
}

export function dropUnsaved(place: string): void {
  if (!readUnsaved(place)) return;
  dropDraft(place);
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useUnsaved(place: string): Unsaved | undefined {
  return useSyncExternalStore(subscribe, () => readUnsaved(place));
}

/** Which of a record's fields could not be saved, a space between their keys. */
export function useProblems(record: Pick<RecordData, "entity" | "id">, keys: string[]): string {
  return useSyncExternalStore(subscribe, () =>
    keys.filter((key) => readUnsaved(placeOf(record, { key }))?.problem !== undefined).join(" "),
  );
}
