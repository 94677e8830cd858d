/** A move that the rules of a stage refused: shown over any page, with what is to be filled in. */
import { useSyncExternalStore } from "react";
import { ApiError, needsConversion } from "@/api/problem";
import type { Id } from "@/api/types";

export interface RefusedMove {
  entity: string;
  id: Id;
  stage: string;
  conditions: { code: string; field?: string; message: string }[];
  /** A lead that is won by converting it. */
  convert?: true;
}

let refused: RefusedMove | null = null;
const listeners = new Set<() => void>();

function set(next: RefusedMove | null) {
  refused = next;
  for (const listener of listeners) listener();
}

/** Opens the way out where a field stands in the way; other reasons are told where the move was tried. */
export function explainRefusal(entity: string, id: Id, stage: string, error: unknown): void {
  if (needsConversion(error)) set({ entity, id, stage, conditions: [], convert: true });
  if (!(error instanceof ApiError) || error.code !== "stage.refused") return;
  const conditions = error.problem.conditions ?? [];
  if (conditions.some(({ field }) => field)) set({ entity, id, stage, conditions });
}

export const closeRefused = () => set(null);

export const refusedNow = (): RefusedMove | null => refused;

export function useRefused(): RefusedMove | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, refusedNow);
}
