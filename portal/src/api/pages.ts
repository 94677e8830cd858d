/** Pages of plugins: which surfaces the person may see, and what their sources read. What a tree is, the blocks know. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";

export const pagesQuery = queryOptions({
  queryKey: keys.pages,
  queryFn: ({ signal }) => api.get("/ui", { signal }),
  staleTime: 5 * 60_000,
});

/** How many records stand beside the titles of pages. */
export const countsQuery = queryOptions({
  queryKey: [...keys.pages, "counts"],
  queryFn: ({ signal }) => api.get("/ui/counts", { signal }),
  staleTime: 60_000,
});
