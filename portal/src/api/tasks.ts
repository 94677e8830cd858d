/** Tasks of people: the inbox, one task, what is done to it, and the counters of those who answer for others. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id, Task } from "./types";
import { refreshTasks } from "./work-cache";

/** Which tasks a list holds: the query of `GET /tasks`, without its page. */
export interface TaskList {
  assignee?: string;
  candidate?: string;
  creator?: string;
  instance?: Id;
  state?: "open" | "completed" | "cancelled" | "review";
  overdue?: boolean;
  /** Exactly those that this counter counts, of `of`: `me`, `team` or a person. */
  counter?: "open" | "overdue" | "new" | "returned" | "violations";
  of?: string;
  subject?: string;
  q?: string;
  sort?: "created" | "due";
}

const portion = 50;

export const tasksQuery = (list: TaskList) =>
  infiniteQueryOptions({
    queryKey: keys.taskList(list),
    queryFn: ({ pageParam, signal }) =>
      api.get("/tasks", {
        query: {
          ...list,
          limit: portion,
          cursor: pageParam ?? undefined,
          total: pageParam ? undefined : true,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 10_000,
  });

export const taskQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.task(id),
    queryFn: ({ signal }) => api.get("/tasks/{id}", { path: { id }, signal }),
    // What its main action waits for may have happened elsewhere: on the card of a quote.
    refetchOnMount: "always",
    refetchOnWindowFocus: "always",
  });

/** Newest first; the server keeps the last 200 lines of a page. */
export const taskHistoryQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.taskHistory(id),
    queryFn: ({ signal }) =>
      api.get("/tasks/{id}/history", { path: { id }, signal }).then((page) => page.items),
  });

/** The answer is the task as it is now: it is put in its place, and the lists are asked anew. */
async function put(answer: Promise<Task>): Promise<Task> {
  const task = await answer;
  queryClient.setQueryData(keys.task(task.id), task);
  refreshTasks();
  // A task is a record too: the home page and the lists of records show it.
  void queryClient.invalidateQueries({ queryKey: keys.records("task") });
  return task;
}

const at = (id: Id) => ({ path: { id } });

/** The reader has looked at a task of theirs: it is new no more. */
export const seeTask = (id: Id) => api.post("/tasks/{id}/seen", undefined, at(id)).then(refreshTasks);

export const createTask = (input: Body<"ManualTask">, key: string) =>
  put(api.create("/tasks", input, { idempotencyKey: key }));
export const claimTask = (id: Id) => put(api.post("/tasks/{id}/claim", undefined, at(id)));
export const releaseTask = (id: Id) => put(api.post("/tasks/{id}/release", undefined, at(id)));
export const cancelTask = (id: Id, note: string) =>
  put(api.post("/tasks/{id}/cancel", { note: note || null }, at(id)));
export const delegateTask = (id: Id, to: string, note: string) =>
  put(api.post("/tasks/{id}/delegate", { to, note: note || null }, at(id)));
export const acceptTask = (id: Id, mark: number | null) =>
  put(api.post("/tasks/{id}/accept", { mark }, at(id)));
export const returnTask = (id: Id, note: string) => put(api.post("/tasks/{id}/return", { note }, at(id)));
export const completeTask = (id: Id, input: Body<"Completion">) =>
  put(api.post("/tasks/{id}/complete", input, at(id)));
/** What is not named is the contract's. */
export type Deed = Partial<Body<"ActionInput">> & { kind: string };
export const actOnTask = (id: Id, input: Deed, key: string) =>
  put(api.post("/tasks/{id}/action", input as Body<"ActionInput">, { ...at(id), idempotencyKey: key }));
export const changeChecklist = (id: Id, input: Body<"ChecklistChange">) =>
  put(api.post("/tasks/{id}/checklist", input, at(id)));
export const updateTask = (id: Id, input: Body<"TaskPatch">) => put(api.patch("/tasks/{id}", input, at(id)));

export async function commentTask(id: Id, text: string, key: string): Promise<void> {
  await api.post("/tasks/{id}/comments", { text }, { ...at(id), idempotencyKey: key });
  await queryClient.invalidateQueries({ queryKey: keys.taskHistory(id) });
}
