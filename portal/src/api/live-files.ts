/** What is asked again when files of a record have changed; apart from sending them, so that the first page stays small. */
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Id } from "./types";

/** The list and what the timeline says of it. */
export function refreshFiles(entity: string, id: Id): void {
  void askAgain(keys.files(entity, id));
  void askAgain(keys.timeline(entity, id));
}

/** Also when the first answer is on its way still: it may be of the time before the change, and would be taken for the newest. */
async function askAgain(queryKey: readonly unknown[]): Promise<void> {
  await queryClient.cancelQueries({ queryKey });
  await queryClient.invalidateQueries({ queryKey });
}
