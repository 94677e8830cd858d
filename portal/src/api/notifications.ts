/** What the portal tells a person: newest first, and what of it was read. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id } from "./types";
import { refreshNotifications } from "./work-cache";

export const notificationsQuery = (unread: boolean) =>
  infiniteQueryOptions({
    queryKey: keys.notificationList(unread),
    queryFn: ({ pageParam, signal }) =>
      api.get("/notifications", {
        query: { unread: unread || undefined, limit: 30, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as Id | null,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** All of them, or these. */
export async function markRead(ids: Id[] | "all"): Promise<void> {
  await api.post("/notifications/read", ids === "all" ? { ids: [], all: true } : { ids, all: false });
  refreshNotifications();
}

/** The reader of a module's notice says that they have read it. */
export async function confirmNotice(id: Id): Promise<void> {
  await api.post("/notifications/{id}/confirm", undefined, { path: { id } });
  refreshNotifications();
}

const wishes = ["me", "notification-settings"] as const;

/** How the reader wants to be told, with what there is to choose. */
export const tellingQuery = queryOptions({
  queryKey: wishes,
  queryFn: ({ signal }) => api.get("/me/notifications", { signal }),
});

export async function saveTelling(settings: Body<"NotificationSettings">): Promise<void> {
  queryClient.setQueryData(wishes, await api.put("/me/notifications", settings));
}
