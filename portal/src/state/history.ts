/** Records opened lately, newest first, kept per company and person in this browser. */
import { useSyncExternalStore } from "react";
import type { Id } from "@/api/types";

export interface Opened {
  entity: string;
  id: Id;
  title: string;
}

const limit = 8;
const none: Opened[] = [];
let owner = "";
let opened: Opened[] = none;
const listeners = new Set<() => void>();

const storageKey = () => `verstak.opened.${owner}`;

/** Whose history it is: tenant and user. */
export function openHistoryOf(person: string): void {
  if (owner === person) return;
  owner = person;
  try {
    opened = JSON.parse(localStorage.getItem(storageKey()) ?? "[]") as Opened[];
  } catch {
    opened = none;
  }
}

export function remember(entry: Opened): void {
  const first = opened[0];
  if (first && first.id === entry.id && first.title === entry.title) return;
  const at = opened.findIndex((other) => other.id === entry.id);
  // A known record keeps its place, so the panel does not jump under the pointer.
  opened =
    at >= 0
      ? opened.map((other, index) => (index === at ? entry : other))
      : [entry, ...opened].slice(0, limit);
  save();
}

export function forget(id: Id): void {
  if (!opened.some((other) => other.id === id)) return;
  opened = opened.filter((other) => other.id !== id);
  save();
}

function save() {
  try {
    localStorage.setItem(storageKey(), JSON.stringify(opened));
  } catch {
    // A full or closed storage loses only this convenience.
  }
  for (const listener of listeners) listener();
}

export function useOpened(): Opened[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => opened,
  );
}
