/** Webhooks: other servers that are told what happens, and what was sent there. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { queryClient } from "@/api/query-client";
import type { Body, Id } from "@/api/types";

export type Webhook = Body<"Webhook">;
export type WebhookInput = Body<"WebhookInput">;
export type WebhookDelivery = Body<"WebhookDelivery">;
export type DeliveryState = Body<"WebhookDeliveryState">;

const all = ["webhooks"] as const;

export const webhooksQuery = queryOptions({
  queryKey: [...all, "list"],
  queryFn: ({ signal }) => api.get("/webhooks", { signal }).then(({ items }) => items),
});

const changed = async <T>(answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: all });
  return made;
};

export const createWebhook = (input: WebhookInput) => changed(api.post("/webhooks", input));
export const changeWebhook = (id: Id, input: WebhookInput) =>
  changed(api.put("/webhooks/{id}", input, { path: { id } }));
export const removeWebhook = (id: Id) => changed(api.delete("/webhooks/{id}", { path: { id } }));
export const rotateSecret = (id: Id) =>
  changed(api.post("/webhooks/{id}/secret", undefined, { path: { id } }));
export const testWebhook = (id: Id) => changed(api.post("/webhooks/{id}/test", undefined, { path: { id } }));

export const deliveriesQuery = (id: Id, state?: DeliveryState) =>
  infiniteQueryOptions({
    queryKey: [...all, "deliveries", id, state],
    queryFn: ({ pageParam, signal }) =>
      api.get("/webhooks/{id}/deliveries", {
        path: { id },
        query: { state, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

export const replayDelivery = (id: Id, delivery: Id) =>
  changed(api.post("/webhooks/{id}/deliveries/{delivery}/replay", undefined, { path: { id, delivery } }));
export const replayAll = (id: Id) => changed(api.post("/webhooks/{id}/replay", undefined, { path: { id } }));
