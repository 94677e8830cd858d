/** A task from a line: what the line says. */
import { api } from "./client";

/** Nothing is made of it. */
export const parseTask = (text: string, signal?: AbortSignal) =>
  api.post(
    "/tasks/parse",
    { text, time_zone: new Intl.DateTimeFormat().resolvedOptions().timeZone },
    { signal },
  );
