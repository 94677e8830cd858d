/** Pages of plugins for people without an account, and which of them administrators have opened. */
import { queryOptions } from "@tanstack/react-query";
import { addressOf, api } from "./client";
import { queryClient } from "./query-client";
import type { Body, Id, Locale } from "./types";
import { upload } from "./upload";

export type PublicView = Body<"PublicView">;
export type PublicPage = Body<"PublicPage">;
export type PublicLink = Body<"PublicLink">;

/** What stands in the page's address; `link` behind its `#`, where it is a personal one. */
export interface PublicPlace {
  company: string;
  plugin: string;
  page: string;
  link?: string;
}

const address = "/public/{company}/{plugin}/{page}" as const;
const pathOf = ({ company, plugin, page }: PublicPlace) => ({ company, plugin, page });
const linkOf = ({ link }: PublicPlace) => (link ? { link } : {});
const keyOf = ({ company, plugin, page, link = "" }: PublicPlace) => ["public", company, plugin, page, link];

/** In the language that is shown: its texts come with it. */
export const publicQuery = (place: PublicPlace, locale: Locale) =>
  queryOptions({
    queryKey: [...keyOf(place), locale],
    queryFn: ({ signal }) => api.get(address, { path: pathOf(place), ...linkOf(place), signal }),
    retry: false,
    refetchOnWindowFocus: false,
    // Another language takes away nothing that is being typed.
    placeholderData: (before: PublicView | undefined, query) =>
      query?.queryKey.slice(0, 5).join(" ") === keyOf(place).join(" ") ? before : undefined,
  });

export const readPublic = (place: PublicPlace, body: Body<"PublicReadRequest">, signal: AbortSignal) =>
  api.post(`${address}/read`, body, { path: pathOf(place), ...linkOf(place), signal });

export const actPublic = (place: PublicPlace, body: Body<"PublicActRequest">, idempotencyKey: string) =>
  api.post(`${address}/act`, body, { path: pathOf(place), ...linkOf(place), idempotencyKey });

/** Its bytes as they are, its name in the address. Gives what the form is sent with. */
export async function sendPublicFile(place: PublicPlace, input: string, file: File): Promise<string> {
  const path = addressOf(`${address}/files`, { path: pathOf(place), query: { input, name: file.name } });
  const bytes = new Blob([file], { type: "application/octet-stream" });
  return (await upload(path as `${typeof address}/files`, bytes, linkOf(place))).upload;
}

export const publicPagesQuery = (id: Id) =>
  queryOptions({
    queryKey: ["plugins", "public", id],
    queryFn: ({ signal }) =>
      api.get("/plugins/{id}/public-pages", { path: { id }, signal }).then(({ items }) => items),
    staleTime: 0,
  });

export const openPublicPage = async (id: Id, page: string, open: boolean): Promise<void> => {
  const { items } = await api.put("/plugins/{id}/public-pages/{page}", { open }, { path: { id, page } });
  queryClient.setQueryData(publicPagesQuery(id).queryKey, items);
  // Closing it has ended them.
  await queryClient.invalidateQueries({ queryKey: publicLinksQuery(id, page).queryKey });
};

/** The personal links to a page that are good, newest first. */
export const publicLinksQuery = (id: Id, page: string) =>
  queryOptions({
    queryKey: ["plugins", "public", id, "links", page],
    queryFn: ({ signal }) =>
      api
        .get("/plugins/{id}/public-pages/{page}/links", { path: { id, page }, signal })
        .then(({ items }) => items),
    staleTime: 0,
  });

export const endPublicLink = async (id: Id, page: string, link: Id): Promise<void> => {
  try {
    await api.delete("/plugins/{id}/public-pages/{page}/links/{link}", { path: { id, page, link } });
  } finally {
    await queryClient.invalidateQueries({ queryKey: publicLinksQuery(id, page).queryKey });
  }
};
