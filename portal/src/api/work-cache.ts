/**
 * What the shell itself knows of work, all the time: the counters, and keeping tasks, notifications and processes of the
 * open pages as they are now. Kept small: it comes with every first page.
 */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { onEntityChange, onInstanceChange } from "./live";
import { queryClient } from "./query-client";

/**
 * Deadlines pass without an event: asked again each minute. Quietly: nobody asked for it, so that a session is over is
 * said when somebody does something.
 */
export const countersQuery = queryOptions({
  queryKey: keys.taskCounters,
  queryFn: ({ signal }) => api.get("/tasks/counters", { signal, quiet: true }),
  refetchInterval: 60_000,
});

/** Lists, counters and histories; what no page shows is only marked. */
export function refreshTasks(): void {
  void queryClient.invalidateQueries({ queryKey: keys.taskLists });
  void queryClient.invalidateQueries({ queryKey: keys.taskCounters });
  void queryClient.invalidateQueries({ queryKey: keys.taskHistories });
}

export function refreshNotifications(): void {
  void queryClient.invalidateQueries({ queryKey: keys.notifications });
  void queryClient.invalidateQueries({ queryKey: keys.taskCounters });
}

/** How long the shell gathers what it hears before it asks for its counts, in milliseconds. */
const GATHERED = 5_000;

/**
 * Until the returned function is called. Pages that show tasks follow at once; the counts of the shell once for all that
 * was heard in five seconds, for every open portal hears of everybody's tasks. Notifications have no message of their
 * own: they come with what happens to tasks.
 */
export function followWork(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const tasks = onEntityChange((entities) => {
    if (!entities.includes("task")) return;
    for (const queryKey of [keys.taskLists, keys.taskHistories, ["tasks", "one"]]) {
      void queryClient.invalidateQueries({ queryKey });
    }
    soon ??= setTimeout(() => {
      soon = undefined;
      refreshNotifications();
    }, GATHERED);
  });
  const instances = onInstanceChange((ids) => {
    void queryClient.invalidateQueries({ queryKey: keys.instanceLists });
    for (const id of ids) {
      void queryClient.invalidateQueries({ queryKey: keys.instance(id) });
      void queryClient.invalidateQueries({ queryKey: keys.instanceHistory(id) });
    }
  });
  return () => {
    clearTimeout(soon);
    tasks();
    instances();
  };
}
