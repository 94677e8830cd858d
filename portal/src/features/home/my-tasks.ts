/** My open tasks: those with a deadline first, the nearest on top; then those without one. */
import { queryRecords } from "@/api/records";
import type { Filter, RecordData, Refs } from "@/api/types";

export const myTasks: Filter = {
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

/** Asked apart: sorted by the deadline alone, tasks without one would stand before what is late. */
export async function loadMyTasks(shown: number, signal?: AbortSignal): Promise<MyTasks> {
  const ask = (filter: Filter, sort: string) =>
    queryRecords(
      "task",
      { filter: { and: [myTasks, filter] }, sort: [{ field: sort }], limit: shown, total: true },
      { signal },
    );
  const [dated, undated] = await Promise.all([
    ask({ field: "due", op: "not_empty" }, "due"),
    ask({ field: "due", op: "empty" }, "created_at"),
  ]);
  return {
    items: [...dated.items, ...undated.items].slice(0, shown),
    refs: { ...undated.refs, ...dated.refs },
    total: (dated.total ?? 0) + (undated.total ?? 0),
  };
}
