/** Who is signed in, what they may see, and the ways in and out. */
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Entity, Id, Locale, Me } from "./types";

type SessionData = Body<"SessionData">;
let asked: Promise<SessionData> | undefined;
let told: string | undefined;

/** Where the log of events ended before anything was asked for: live updates begin there. */
export const liveFrom = () => told;

/** Who, and what they may see, in one answer: who asks for either while it is on its way waits for the same one. */
function sessionData(): Promise<SessionData> {
  asked ??= api
    .get("/session", { quiet: true })
    .then((data) => {
      told = data.cursor;
      return data;
    })
    .finally(() => {
      asked = undefined;
    });
  return asked;
}

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: () => sessionData().then(({ me }) => me),
  staleTime: 5 * 60_000,
});

export const entitiesQuery = queryOptions({
  queryKey: keys.entities,
  queryFn: () => sessionData().then(({ entities }) => entities),
  staleTime: 5 * 60_000,
});

/** Asked for before anything is drawn. */
export function askAhead(): void {
  void queryClient.prefetchQuery(meQuery);
  void queryClient.prefetchQuery(entitiesQuery);
}

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

export function useEntities(): Entity[] {
  return useSuspenseQuery(entitiesQuery).data;
}

/** The catalogue's entry, or undefined when it does not exist for this person. */
export function useEntity(key: string): Entity | undefined {
  return useEntities().find((entity) => entity.key === key);
}

export async function signIn(credentials: Body<"SignInBody">): Promise<Me> {
  const me = await api.post("/session", credentials, { quiet: true });
  queryClient.setQueryData(keys.me, me);
  return me;
}

export const forgotPassword = (email: string) => api.post("/session/forgotten", { email }, { quiet: true });

/** Whose personal link it is. */
export const signInLinkQuery = (secret: string) =>
  queryOptions({
    queryKey: ["sign-in-link", secret],
    queryFn: () => api.post("/session/link", { secret }, { quiet: true }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const passwordByLink = (secret: string, password: string) =>
  api.post("/session/link/password", { secret, password }, { quiet: true });

/** By which providers people of a company sign in; without a name, of the only company there is. */
export const signInOfferQuery = (company: string) =>
  queryOptions({
    queryKey: ["sign-in-offer", company],
    queryFn: ({ signal }) =>
      api.get("/session/providers", { query: { company: company || undefined }, signal, quiet: true }),
    staleTime: 60_000,
  });

/** Where to go to say who one is; `next` is where one was going. */
export const beginProvider = (provider: Id, next: string) =>
  api.post("/session/oidc", { provider, next }, { quiet: true });

export const showProviderCode = (code: string) => api.post("/session/oidc/code", { code }, { quiet: true });

/** Who is signed in now, whatever was known before. */
export const whoNow = () => api.get("/session", { quiet: true }).then(({ me }) => me);

export async function signOut(): Promise<void> {
  await api.delete("/session", { quiet: true });
  queryClient.clear();
}

export async function saveLocale(locale: Locale): Promise<void> {
  queryClient.setQueryData(keys.me, await api.patch("/me", { locale }));
}
