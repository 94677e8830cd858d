/** Working calendars: the company's, a department's, a person's. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Calendar } from "./types";

/** `of`: `company`, `department:<id>` or `user:<id>`. The answer is null when the one above it counts. */
export const calendarQuery = (of: string) =>
  queryOptions({
    queryKey: keys.calendar(of),
    queryFn: ({ signal }) =>
      api.get("/calendars/{of}", { path: { of }, signal }).then((view) => view.calendar ?? null),
  });

export async function saveCalendar(of: string, calendar: Calendar | null): Promise<Calendar | null> {
  const saved = await api.put("/calendars/{of}", { calendar }, { path: { of } });
  queryClient.setQueryData(keys.calendar(of), saved.calendar ?? null);
  return saved.calendar ?? null;
}
