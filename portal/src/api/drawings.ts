/** Drawings of processes: their files with revisions, who edits them, publishing. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, newKey, request } from "./client";
import { keys } from "./keys";
import { ApiError } from "./problem";
import { queryClient } from "./query-client";
import type { Body, Definition, DryRun, Id } from "./types";

export type DrawingKind = Body<"DrawingKind">;
export type Lease = Body<"EditingView">;
/** What the author should know; an error keeps it from being published. Without an element it is of the file. */
export type DrawingProblem = Body<"DrawingProblem">;
export type Drawing = Body<"DrawingView">;
/** `lost`: what of other tools the save left out. */
export type Saved = Body<"Saved">;
/** `aside`: kept beside the others, for somebody else had taken over. */
export type Revision = Body<"RevisionView">;
interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

const at = (id: Id) => ({ path: { id } });
const xml = "application/xml";

export const drawingsQuery = infiniteQueryOptions({
  queryKey: keys.drawings,
  queryFn: ({ pageParam, signal }) =>
    request<Page<Drawing>>("GET", "/process-drawings", undefined, {
      query: { after: pageParam ?? undefined, limit: 50 },
      signal,
    }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const drawingOneQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.drawingOne(id),
    queryFn: ({ signal }) =>
      request<Drawing>("GET", "/process-drawings/{id}", undefined, { ...at(id), signal }),
  });

/** With a picture, also where the file has none. */
export const drawingFileQuery = (id: Id, revision: number | "now") =>
  queryOptions({
    queryKey: keys.drawingFile(id, revision),
    queryFn: ({ signal }) =>
      request<string>("GET", "/process-drawings/{id}/xml", undefined, {
        ...at(id),
        query: { layout: true },
        signal,
        raw: true,
      }),
  });

export const revisionFile = (id: Id, revision: number) =>
  request<string>("GET", "/process-drawings/{id}/revisions/{revision}/xml", undefined, {
    path: { id, revision: String(revision) },
    raw: true,
  });

export const revisionsQuery = (id: Id) =>
  infiniteQueryOptions({
    queryKey: keys.drawingRevisions(id),
    queryFn: ({ pageParam, signal }) =>
      request<Page<Revision>>("GET", "/process-drawings/{id}/revisions", undefined, {
        ...at(id),
        query: { after: pageParam ?? undefined, limit: 50 },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

async function made(answer: Promise<Drawing>): Promise<Drawing> {
  const drawing = await answer;
  queryClient.setQueryData(keys.drawingOne(drawing.id), drawing);
  void queryClient.invalidateQueries({ queryKey: keys.drawings, exact: true });
  return drawing;
}

/** Any well-formed file; what keeps it from running is said with it, not refused. */
export const createDrawing = (file: string | Blob, title?: string) =>
  made(
    api.file<Drawing>("POST", "/process-drawings", file, xml, { query: { title }, idempotencyKey: newKey() }),
  );

/** A refusal names lines in `fields`: `lines.3`. */
export const drawingFromLines = (title: string, lines: string[]) =>
  made(
    request<Drawing>("POST", "/process-drawings/from-steps", { title, lines }, { idempotencyKey: newKey() }),
  );

/** A question without answers and with a character that no line may have. */
const NEVER_RIGHT = "?\u0001";

/**
 * Which lines cannot be understood, by number from 1, while they are still written. The server makes a drawing of lines that
 * are right: asked with one more that never is, it only says what is wrong with the others.
 */
export async function wrongLines(lines: string[], signal: AbortSignal): Promise<Record<number, string>> {
  try {
    const asked = { title: "?", lines: [...lines, NEVER_RIGHT] };
    await request<unknown>("POST", "/process-drawings/from-steps", asked, { signal });
  } catch (error) {
    const wrong = linesOf(error);
    delete wrong[lines.length + 1];
    return wrong;
  }
  return {};
}

/** What a refusal says of each line. */
export function linesOf(error: unknown): Record<number, string> {
  const fields = error instanceof ApiError ? (error.problem.fields ?? {}) : {};
  const found: Record<number, string> = {};
  for (const [name, { message }] of Object.entries(fields)) {
    const line = /^lines\.(\d+)/.exec(name)?.[1];
    if (line) found[Number(line)] = message;
  }
  return found;
}

export async function changeDrawing(
  id: Id,
  patch: { title?: string; kind?: DrawingKind; pair?: Id | null },
): Promise<Drawing> {
  const drawing = await made(request<Drawing>("PATCH", "/process-drawings/{id}", patch, at(id)));
  // A pair is tied from both sides.
  if (patch.pair !== undefined) await queryClient.invalidateQueries({ queryKey: keys.drawingOnes });
  return drawing;
}
export async function removeDrawing(id: Id): Promise<void> {
  await request<void>("DELETE", "/process-drawings/{id}", undefined, at(id));
  await queryClient.invalidateQueries({ queryKey: keys.drawings, exact: true });
}

/** `aside`: kept as a revision beside the current one, whoever has the drawing now. */
export const saveDrawing = (id: Id, file: string, revision: number, aside = false) =>
  api.file<Saved>("PUT", "/process-drawings/{id}/xml", file, xml, {
    ...at(id),
    version: revision,
    query: { aside: aside || undefined },
  });

export const fixDrawing = (id: Id, fix: string, element: string | null | undefined, revision: number) =>
  request<Saved>(
    "POST",
    "/process-drawings/{id}/fix",
    { fix, element: element ?? undefined },
    { ...at(id), version: revision },
  );

/** Begins or renews; 409 while another has it. Quietly: the page says in its own words what came of it. */
export const takeLease = (id: Id, over = false) =>
  request<Lease>(
    "POST",
    "/process-drawings/{id}/lease",
    { action: over ? "take_over" : "take" },
    { ...at(id), quiet: true },
  );
export const releaseLease = (id: Id) =>
  request<unknown>("POST", "/process-drawings/{id}/lease", { action: "release" }, { ...at(id), quiet: true });

/** A refusal names problems by element in `fields`. */
export async function publishDrawing(id: Id, revision: number, note: string): Promise<Definition> {
  const definition = await request<Definition>(
    "POST",
    "/process-drawings/{id}/publish",
    { revision, note: note || undefined },
    at(id),
  );
  void queryClient.invalidateQueries({ queryKey: keys.definitions });
  void queryClient.invalidateQueries({ queryKey: keys.drawingOne(id) });
  void queryClient.invalidateQueries({ queryKey: keys.drawingRevisions(id) });
  return definition;
}

export const nameRevision = (id: Id, revision: number, name: string | null) =>
  request<Revision>(
    "PATCH",
    "/process-drawings/{id}/revisions/{revision}",
    { name },
    { path: { id, revision: String(revision) } },
  ).finally(() => queryClient.invalidateQueries({ queryKey: keys.drawingRevisions(id) }));

/** One side of a comparison: a drawing's revision (the current by default), or a definition's version. */
export type Side = { drawing: Id; revision?: number } | { definition: Id; version?: number };
export interface Differences {
  added: { element: string; type: string; name: string }[];
  removed: Differences["added"];
  /** Only on the picture. */
  moved: Differences["added"];
  changed: { element: string; what: string; before?: string | null; after?: string | null }[];
}

/** Both sides never change while they are compared: a revision and a version stay what they are. */
export const differencesQuery = (from: Side, to: Side) =>
  queryOptions({
    queryKey: keys.drawingDifferences(from, to),
    queryFn: ({ signal }) =>
      request<Differences>("POST", "/process-drawings/compare", { from, to }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface DryRunOf {
  subject: { entity: string; id: Id } | null;
  variables: Record<string, unknown>;
  answers: Record<string, Record<string, unknown>>;
}

/** What would happen to an instance of exactly this revision. A refusal names problems by element in `fields`. */
export const dryRunDrawing = (id: Id, revision: number, asked: DryRunOf) =>
  request<DryRun>("POST", "/process-drawings/{id}/dry-run", { revision, ...asked }, at(id));

export type Note = Body<"Note">;
export type Pain = Body<"Pain">;
export const pains: Pain[] = [
  "manual_entry",
  "handover_loss",
  "no_deadline",
  "no_stage_control",
  "no_owner",
  "waiting",
  "rework",
];

/** What hurts at its elements, in the order it was said. */
export const notesQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.drawingNotes(id),
    queryFn: ({ signal }) =>
      request<{ items: Note[] }>("GET", "/process-drawings/{id}/notes", undefined, {
        ...at(id),
        signal,
      }).then(({ items }) => items),
  });

const noted = <T>(id: Id, answer: Promise<T>): Promise<T> =>
  answer.finally(() => queryClient.invalidateQueries({ queryKey: keys.drawingNotes(id) }));

/** `key`: sent again after a lost answer, it is one note. */
export const addDrawingNote = (id: Id, note: Pick<Note, "element" | "pain" | "text">, key: string) =>
  noted(id, request<Note>("POST", "/process-drawings/{id}/notes", note, { ...at(id), idempotencyKey: key }));
export const removeDrawingNote = (id: Id, note: Id) =>
  noted(
    id,
    request<void>("DELETE", "/process-drawings/{id}/notes/{note}", undefined, { path: { id, note } }),
  );
