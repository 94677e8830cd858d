/** Whom a module is on for, as a form holds it. Pure. */
import type { Id, PluginDetail } from "@/api/types";

type Gate = PluginDetail["gate"];

export interface GateDraft {
  everybody: boolean;
  named: Id[];
  /** What stood there when the first change was made: somebody else may have changed it since. */
  base: string;
}

/** Equal for equal gates, in whichever order their departments come. */
export const markOf = (gate: Gate): string =>
  gate
    ? gate
        .map(({ id }) => id)
        .sort()
        .join(" ")
    : "everybody";

/** Departments that are gone have no name: they let nobody in and are not offered. */
export const draftOf = (gate: Gate): GateDraft => ({
  everybody: !gate,
  named: gate?.filter(({ name }) => name).map(({ id }) => id) ?? [],
  base: markOf(gate),
});

export const goneOf = (gate: Gate): number => gate?.filter(({ name }) => !name).length ?? 0;

/** Another administrator saved meanwhile. */
export class GateMoved extends Error {}
