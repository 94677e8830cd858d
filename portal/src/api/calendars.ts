/** Working calendars: the company's, a department's, a person's. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { type Job, outcome } from "./jobs";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { AnyJob, Body, Calendar } from "./types";
import { refreshTasks } from "./work-cache";

/** `of`: `company`, `department:<id>` or `user:<id>`. The answer is null when the one above it counts. */
export const calendarQuery = (of: string) =>
  queryOptions({
    queryKey: keys.calendar(of),
    queryFn: ({ signal }) =>
      api.get("/calendars/{of}", { path: { of }, signal }).then((view) => view.calendar ?? null),
  });

/** Countries, and parts of them, whose public holidays are known. */
export const holidayPacksQuery = queryOptions({
  queryKey: keys.holidayPacks,
  queryFn: ({ signal }) => api.get("/calendars/holidays", { signal }).then(({ items }) => items),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Holidays of a country, or the whole days of an ICS file; nothing is changed. */
export const findHolidays = (asked: Body<"HolidaysAsked">) => api.post("/calendars/holidays", asked);

/** What saving it would do to deadlines that are open; nothing is changed. */
export const previewCalendar = (of: string, calendar: Calendar | null) =>
  api.post("/calendars/preview", { of, calendar });

/** `recompute`: open deadlines in working time are counted anew. Gives how many moved. */
export async function saveCalendar(
  of: string,
  calendar: Calendar | null,
  open: "keep" | "recompute",
  onProgress?: (job: Job<{ moved: number }>) => void,
): Promise<number> {
  const answer = await api.put("/calendars/{of}", { calendar }, { path: { of }, query: { open } });
  // It is kept from here on, whatever becomes of the deadlines.
  queryClient.setQueryData(keys.calendar(of), calendar);
  try {
    const { moved } = await outcome<{ moved: number }>(answer as { moved: number } | AnyJob, onProgress);
    return moved;
  } finally {
    if (open === "recompute") refreshTasks();
  }
}
