/** Templates of the company's own, as cards and settings know them. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import type { Body } from "./types";

export type OwnTemplate = Body<"OwnTemplate">;

/** Of everything about templates: what changes one looks at all of it anew. */
export const templateKeys = ["document-templates"] as const;

/** Those of entities that one reads. */
export const ownTemplatesQuery = queryOptions({
  queryKey: [...templateKeys, "own"],
  queryFn: ({ signal }) => api.get("/document-templates/own", { signal }).then(({ items }) => items),
  staleTime: 5 * 60_000,
});
