/** Papers of documents: PDF previews, what was made and sent, letters. */
import { api } from "./client";
import { queryClient } from "./query-client";
import type { Body, Id, RecordData } from "./types";

export type Paper = Body<"Paper">;
export type Language = "en" | "ru" | "uk";
export type PaperMade = Body<"DocumentView">;
export type LetterDraft = Body<"LetterDraft">;

interface Which {
  entity: string;
  id: Id;
  template?: Paper;
  /** A template of the company's own. */
  own?: Id;
  locale?: Language;
}

const key = (entity: string, id: Id) => ["record", entity, id, "papers"] as const;

/** Whether something is still going on with it. */
export const underWay = ({ state, letter }: PaperMade): boolean =>
  state === "making" || letter?.state === "queued" || letter?.state === "sending";

export const papersQuery = (entity: string, id: Id) => ({
  queryKey: key(entity, id),
  queryFn: ({ signal }: { signal: AbortSignal }): Promise<PaperMade[]> =>
    api.get("/documents", { query: { entity, id }, signal }).then(({ items }) => items),
  staleTime: 0,
});

export const refreshPapers = (entity: string, id: Id) =>
  void queryClient.invalidateQueries({ queryKey: key(entity, id) });

/** A PDF that is not kept. The version is only part of the key: another one is another paper. */
export const previewQuery = (which: Which, version: number) => ({
  queryKey: ["paper", which, version] as const,
  queryFn: ({ signal }: { signal: AbortSignal }): Promise<Blob> =>
    api.bytes("/documents/preview", which, { signal }),
  gcTime: 0,
  retry: false,
});

export const letterQuery = ({ entity, id, template, own, locale }: Which, version: number) => ({
  queryKey: ["letter", entity, id, template, own, locale, version] as const,
  queryFn: ({ signal }: { signal: AbortSignal }): Promise<LetterDraft> =>
    api.get("/records/{entity}/{id}/letter", {
      path: { entity, id },
      query: { template, own, locale },
      signal,
    }),
  staleTime: 0,
  gcTime: 0,
});

export const makePaper = (which: Which): Promise<PaperMade> => api.create("/documents", which);

export const sendPaper = ({ entity, id }: Which, body: Body<"SendInput">): Promise<RecordData> =>
  api.create("/records/{entity}/{id}/send", body, { path: { entity, id } });
