/** Where each stage of a row stands to the record: what it has been through, was moved past, or has before it. Pure. */
import type { Stage } from "@/api/types";

export type StagePlace = "passed" | "skipped" | "current" | "ahead";

/**
 * `stood`: the stages that the record has stood in; while that is not known, or nothing was written of it, all before the
 * present one count as passed.
 * A closed record has the open ones behind it, wherever they stand.
 */
export function placesOf(
  stages: Pick<Stage, "key" | "semantic">[],
  current: string,
  stood?: readonly string[],
): StagePlace[] {
  const at = stages.findIndex(({ key }) => key === current);
  const closed = at >= 0 && stages[at]?.semantic !== "open";
  return stages.map(({ key, semantic }, index) => {
    if (index === at) return "current";
    if (semantic !== "open" || !(closed || index < at)) return "ahead";
    return !stood?.length || stood.includes(key) ? "passed" : "skipped";
  });
}
