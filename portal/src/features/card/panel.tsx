/** Placeholder of the panel; see the card feature. */
import type { Entity, Id } from "@/api/types";
export function RecordPanel(_: { entity: Entity; id: Id }) {
  return null;
}
