/** My open tasks: those with a deadline first, the nearest on top; then those without one. */
import { queryRecords } from "@/api/records";
import type { Filter, RecordData, Refs } from "@/api/types";

const myTasks: Filter = {
  and: [
    { field: "assignee", op: "eq", value: { me: true } },
    { field: "state", op: "eq", value: "open" },
  ],
};

export interface MyTasks {
  items: RecordData[];
  refs: Refs;
  total: number;
}

export async function loadMyTasks(shown: number, signal?: AbortSignal): Promise<MyTasks> {
  const sort = [{ field: "due" }, { field: "created_at" }];
  const { items, refs, total } = await queryRecords(
    "task",
    { filter: myTasks, sort, limit: shown, total: true },
    { signal },
  );
  return { items, refs, total: total ?? items.length };
}
