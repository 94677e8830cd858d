/** Opens the form of a new record from anywhere. */
import { useSyncExternalStore } from "react";
import type { Fields, Refs } from "@/api/types";

export interface Creating {
  entity: string;
  fields: Fields;
  /** Names of what is linked to beforehand. */
  refs: Refs;
}

let creating: Creating | null = null;
const listeners = new Set<() => void>();

function set(next: Creating | null) {
  creating = next;
  for (const listener of listeners) listener();
}

export const openCreate = (entity: string, fields: Fields = {}, refs: Refs = {}) =>
  set({ entity, fields, refs });
export const closeCreate = () => set(null);

export function useCreating(): Creating | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => creating,
  );
}
