/** Gateways of SMS, addresses at which messages come in, and messages that plugins sent (administrators). */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id } from "./types";

export type MessageGateway = Body<"MessageGateway">;
export type GatewayInput = Body<"MessageGatewayInput">;
export type Channel = Body<"Channel">;
export type Inbox = Body<"MessageInbox">;
export type NewInbox = Body<"NewMessageInbox">;
export type MessageState = Body<"MessageState">;
export type PluginMessage = Body<"PluginMessage">;

export const gatewaysQuery = queryOptions({
  queryKey: keys.gateways,
  queryFn: ({ signal }) => api.get("/message-gateways", { signal }).then(({ items }) => items),
});

const after = async <T>(queryKey: readonly unknown[], answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey });
  }
};

/** Makes or changes; without a secret the one it has stays. */
export const saveGateway = (key: string, input: GatewayInput) =>
  after(keys.gateways, api.put("/message-gateways/{key}", input, { path: { key } }));
/** What waits for it fails. */
export const removeGateway = (key: string) =>
  after(keys.gateways, api.delete("/message-gateways/{key}", { path: { key } }));

export const inboxesQuery = queryOptions({
  queryKey: keys.inboxes,
  queryFn: ({ signal }) => api.get("/message-inboxes", { signal }).then(({ items }) => items),
});

/** A new address, told once; the one before is none any more. */
export const openInbox = (channel: Channel) =>
  after(keys.inboxes, api.put("/message-inboxes/{channel}", undefined, { path: { channel } }));
export const closeInbox = (channel: Channel) =>
  after(keys.inboxes, api.delete("/message-inboxes/{channel}", { path: { channel } }));

export interface MessageList {
  plugin?: string;
  state?: MessageState;
  channel?: Channel;
}

/** As many as the server gives at once. */
const PAGE = 200;

export const messagesQuery = (list: MessageList) =>
  infiniteQueryOptions({
    queryKey: keys.messageList(list),
    queryFn: ({ pageParam, signal }) =>
      api
        .get("/plugin-messages", { query: { ...list, before: pageParam ?? undefined }, signal })
        .then(({ items }) => items),
    initialPageParam: null as Id | null,
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.id : undefined),
    staleTime: 10_000,
  });

export const settleMessage = (id: Id, decision: Body<"Decision">) =>
  after(keys.messages, api.post("/plugin-messages/{id}/settle", { decision }, { path: { id } }));
