/** What is asked again when files of a record have changed; apart from sending them, so that the first page stays small. */
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Id } from "./types";

/** The list and what the timeline says of it. */
export function refreshFiles(entity: string, id: Id): void {
  void queryClient.invalidateQueries({ queryKey: keys.files(entity, id) });
  void queryClient.invalidateQueries({ queryKey: keys.timeline(entity, id) });
}
