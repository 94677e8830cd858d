/**
 * What was arranged and is not saved yet: kept in this tab, so that another tab of the settings, another role, a reload
 * or the end of the session take nothing.
 */
import { useSyncExternalStore } from "react";
import type { LayoutOf } from "@/api/layouts";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import type { Arranging } from "./layout-model";

const listeners = new Set<() => void>();
const nothing: Arranging = {};

export const placeOf = ({ entity, role, pipeline }: LayoutOf) =>
  `layout.${entity}.${role ?? ""}.${pipeline ?? ""}`;

/** The same object until something else is held. */
export const readHeld = (of: LayoutOf) => readDraft<Arranging>(placeOf(of)) ?? nothing;

export function hold(of: LayoutOf, next: Arranging): void {
  if (next.draft || next.aside) keepDraft(placeOf(of), next);
  else dropDraft(placeOf(of));
  for (const listener of listeners) listener();
}

export const useHeld = (of: LayoutOf): Arranging =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => readHeld(of),
  );
