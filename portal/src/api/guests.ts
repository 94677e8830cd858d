/** What somebody without an account sees and does by a personal link, and the links of a record. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { queryClient } from "./query-client";
import type { Body, Id, Locale } from "./types";

export type GuestView = Body<"GuestView">;
export type GuestField = Body<"GuestField">;
export type GuestLink = Body<"GuestLink">;
export type GuestScope = Body<"GuestScope">;

/** In the guest's language: names of choices and stages come from the server. */
export const guestQuery = (token: string, locale: Locale) =>
  queryOptions({
    queryKey: ["guest", token, locale],
    queryFn: ({ signal }) => api.post("/guest/open", { token }, { signal }),
    retry: false,
    refetchOnWindowFocus: false,
    // Another language takes away nothing that is being written; another link shows nothing of this one.
    placeholderData: (before: GuestView | undefined, query) =>
      query?.queryKey[1] === token ? before : undefined,
  });

const seen = async (token: string, answer: Promise<GuestView>): Promise<GuestView> => {
  const view = await answer;
  queryClient.setQueriesData({ queryKey: ["guest", token] }, view);
  return view;
};

export const writeAsGuest = (token: string, name: string, text: string) =>
  seen(token, api.post("/guest/comments", { token, name, text }));
export const answerAsGuest = (token: string, accept: boolean, name: string, text: string) =>
  seen(token, api.post("/guest/answer", { token, accept, name, text }));
export const paperOfGuest = (token: string) => api.bytes("/guest/paper", { token });

const path = "/records/{entity}/{id}/share";

export const linksQuery = (entity: string, id: Id) =>
  queryOptions({
    queryKey: ["guest-links", entity, id],
    queryFn: ({ signal }) => api.get(path, { path: { entity, id }, signal }).then(({ items }) => items),
    staleTime: 0,
  });

const changed = async <T>(entity: string, id: Id, answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: ["guest-links", entity, id] });
  return made;
};

export const makeLink = (entity: string, id: Id, input: Body<"GuestLinkInput">) =>
  changed(entity, id, api.post(path, input, { path: { entity, id } }));
export const revokeLink = (entity: string, id: Id, link: Id) =>
  changed(entity, id, api.delete("/records/{entity}/{id}/share/{link}", { path: { entity, id, link } }));
export const replyToGuest = (entity: string, id: Id, link: Id, text: string) =>
  api.post("/records/{entity}/{id}/share/{link}/comments", { text }, { path: { entity, id, link } });
