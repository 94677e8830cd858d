/** What a view of the inbox asks the server for. Pure. */
import type { TaskList } from "@/api/tasks";
import type { TasksSearch } from "@/state/search";

/** Whether there is a list: of my people together there is one of what a counter of theirs counts, else they stand one by one. */
export const isListed = ({ view, person, show }: TasksSearch): boolean =>
  view !== "team" || Boolean(person) || (show !== undefined && show !== "completed");

export function listOf({ view = "mine", person, show = "open", q }: TasksSearch): TaskList {
  // Exactly what the counter counts: of violations some are in other hands, or done and not looked at. Of my people together
  // each of them is a counter.
  const counted = show === "new" || show === "returned" || show === "violations";
  if (counted || (view === "team" && !person && show !== "completed")) {
    return { counter: show, of: view === "team" ? (person ?? "team") : "me", q, sort: "due" };
  }
  const list: TaskList = { state: show === "completed" ? "completed" : "open", q };
  list.sort = show === "completed" ? "created" : "due";
  if (show === "overdue") list.overdue = true;
  if (view === "mine") list.assignee = "me";
  if (view === "take") Object.assign(list, { assignee: "none", candidate: "me" });
  if (view === "given") list.creator = "me";
  if (view === "review") Object.assign(list, { creator: "me", state: "review", overdue: undefined });
  if (view === "team") list.assignee = person;
  return list;
}
