/** Directories: lists of options that fields share, as administrators make and change them. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { ApiError } from "./problem";
import { queryClient } from "./query-client";
import type { Body, DirectoryChange } from "./types";

export type ItemInput = Partial<Body<"ItemInput">>;
type Patch = Body<"DirectoryPatch">;

export const directoriesQuery = queryOptions({
  queryKey: keys.directories,
  queryFn: ({ signal }) => api.get("/directories", { signal }).then(({ items }) => items),
});

export const directoryQuery = (directory: string) =>
  queryOptions({
    queryKey: keys.directory(directory),
    queryFn: ({ signal }) => api.get("/directories/{directory}", { path: { directory }, signal }),
  });

/** Everything that shows options is read again. */
export async function refreshDirectories(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: keys.directories }),
    queryClient.invalidateQueries({ queryKey: keys.entities }),
  ]);
  void queryClient.invalidateQueries({ queryKey: ["records"] });
  void queryClient.invalidateQueries({ queryKey: ["record"] });
  void queryClient.invalidateQueries({ queryKey: ["aggregate"] });
  void queryClient.invalidateQueries({ queryKey: ["views"] });
}

async function changed<T>(answer: Promise<T>): Promise<T> {
  const result = await answer;
  await refreshDirectories();
  return result;
}

export const createDirectory = (label: Record<string, string>, items: ItemInput[]) =>
  changed(api.create("/directories", { label, items: items as Body<"ItemInput">[] }));

export interface DirectoryList {
  items: ItemInput[];
  /** What takes the place of items that go. */
  moveTo: Record<string, string>;
}

const patchOf = ({ items, moveTo }: DirectoryList, dryRun: boolean) =>
  ({ items, move_to: moveTo, dry_run: dryRun }) as Partial<Patch> as Patch;

/** Where somebody else was quicker, theirs is read: the editor says so and keeps what was typed. */
const unlessOutdated = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.code === "config.conflict") await refreshDirectories();
    throw error;
  }
};

/** What the list would do to records; nothing is changed. */
export const tryDirectory = (directory: string, list: DirectoryList, version: number) =>
  unlessOutdated(
    api.patch("/directories/{directory}", patchOf(list, true), { path: { directory }, version }),
  );
/** Whoever saves reads everything again (`refreshDirectories`) when it has let go of what was typed. */
export const saveDirectory = (directory: string, list: DirectoryList, version: number) =>
  unlessOutdated(
    api.patch("/directories/{directory}", patchOf(list, false), { path: { directory }, version }),
  );

export const renameDirectory = (directory: string, label: Record<string, string>, version: number) =>
  changed(
    api.patch("/directories/{directory}", { label } as Partial<Patch> as Patch, {
      path: { directory },
      version,
    }),
  );

export const removeDirectory = (directory: string, version: number) =>
  changed(api.delete("/directories/{directory}", { path: { directory }, version }));

/** One directory into another; a dry run counts. */
export async function mergeDirectories(
  directory: string,
  from: string,
  items: Record<string, string>,
  dryRun: boolean,
): Promise<DirectoryChange> {
  const answer = api.post(
    "/directories/{directory}/merge",
    { from, items, dry_run: dryRun },
    { path: { directory } },
  );
  return dryRun ? answer : changed(answer);
}
