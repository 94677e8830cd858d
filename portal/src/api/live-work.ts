/** Keeps tasks, notifications and processes of the open pages as they are now. */
import { keys } from "./keys";
import { onEntityChange, onInstanceChange } from "./live";
import { refreshNotifications } from "./notifications";
import { queryClient } from "./query-client";
import { refreshTasks } from "./tasks";

/** Until the returned function is called. Notifications have no message of their own: they come with what happens to tasks. */
export function followWork(): () => void {
  const tasks = onEntityChange((entities) => {
    if (!entities.includes("task")) return;
    refreshTasks();
    void queryClient.invalidateQueries({ queryKey: ["tasks", "one"] });
    refreshNotifications();
  });
  const instances = onInstanceChange((ids) => {
    void queryClient.invalidateQueries({ queryKey: keys.instanceLists });
    for (const id of ids) {
      void queryClient.invalidateQueries({ queryKey: keys.instance(id) });
      void queryClient.invalidateQueries({ queryKey: keys.instanceHistory(id) });
    }
  });
  return () => {
    tasks();
    instances();
  };
}
