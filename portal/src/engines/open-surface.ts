/** A surface of a module that stands open over the page: what a button, a line of a menu or a command opens. */
import { useSyncExternalStore } from "react";
import type { Id, RecordData } from "@/api/types";

/** What a surface stands on: nothing, a record, or the chosen rows of a list. */
export interface Subject {
  record?: RecordData;
  entity?: string;
  ids?: Id[];
}

export interface OpenSurface {
  plugin: string;
  id: string;
  subject: Subject;
  params?: Record<string, unknown>;
}

let opened: OpenSurface | null = null;
const listeners = new Set<() => void>();

function set(next: OpenSurface | null) {
  opened = next;
  for (const listener of listeners) listener();
}

export const openSurface = (surface: OpenSurface) => set(surface);
export const closeSurface = () => set(null);

export function useOpenSurface(): OpenSurface | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => opened,
  );
}
