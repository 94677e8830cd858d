/** An administrator looks as somebody else: the session is answered as them, until it is stopped or its time is over. */
import { api } from "./client";
import type { Id } from "./types";
import { beginAnew } from "./view-as-gate";

/** As a person, or as oneself with one role alone. The portal is drawn anew as they see it. */
export async function startViewAs(target: { user: Id } | { role: Id }): Promise<void> {
  await api.post("/view-as", target);
  await beginAnew();
}

export async function stopViewAs(): Promise<void> {
  await api.delete("/view-as");
  await beginAnew();
}

/** When its time should be over: the answer that it is leads away by itself. */
export const askWhetherEnded = (): Promise<unknown> => api.get("/me", { quiet: true }).catch(() => undefined);
