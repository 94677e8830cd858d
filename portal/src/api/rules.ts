/** Fields, conditions and validation rules of entities, as administrators write them. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id } from "./types";

export type NewField = Body<"NewField">;
export type FieldPatch = Body<"FieldPatch">;
export type Rollup = Body<"Rollup">;
export type FieldTypeFit = Body<"FieldTypeFit">;
export type Retype = Body<"Retype">;
export type Conditions = Body<"Conditions">;
export type ValidationRule = Body<"ValidationRule">;
export type PlacedRule = Body<"PlacedRule">;
export type Violation = Body<"ViolationView">;

/** What is defined is shown everywhere: the catalogue is read anew. */
const defined = async <T>(answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: keys.entities });
  return made;
};

export const createField = (entity: string, field: NewField) =>
  defined(api.post("/entities/{entity}/fields", field, { path: { entity } }));
export const changeField = (entity: string, key: string, patch: Partial<FieldPatch>) =>
  defined(api.patch("/entities/{entity}/fields/{key}", patch as FieldPatch, { path: { entity, key } }));
/** Another type for its values, or how they would fit. */
export const retypeField = async (entity: string, key: string, retype: Retype): Promise<FieldTypeFit> => {
  const asked = api.post("/entities/{entity}/fields/{key}/type", retype, { path: { entity, key } });
  return retype.dry_run ? asked : defined(asked);
};
/** Hidden with its values; `restoreField` brings both back. */
export const removeField = (entity: string, key: string) =>
  defined(api.delete("/entities/{entity}/fields/{key}", { path: { entity, key } }));
export const restoreField = (entity: string, key: string) =>
  defined(api.post("/entities/{entity}/fields/{key}/restore", undefined, { path: { entity, key } }));
export const setConditions = (entity: string, key: string, conditions: Conditions) =>
  defined(api.put("/entities/{entity}/fields/{key}/conditions", conditions, { path: { entity, key } }));

export const rulesQuery = (entity: string) =>
  queryOptions({
    queryKey: keys.rules(entity),
    queryFn: ({ signal }) =>
      api.get("/validation-rules", { query: { entity }, signal }).then(({ items }) => items),
  });

const ruled = async <T>(entity: string, answer: Promise<T>): Promise<T> => {
  const made = await defined(answer);
  await queryClient.invalidateQueries({ queryKey: keys.rules(entity) });
  return made;
};

export const createRule = (entity: string, rule: ValidationRule) =>
  ruled(entity, api.post("/validation-rules", { entity, rule }));
export const changeRule = (entity: string, id: Id, rule: ValidationRule, place?: number) =>
  ruled(entity, api.put("/validation-rules/{id}", { rule, place }, { path: { id } }));
export const removeRule = (entity: string, id: Id) =>
  ruled(entity, api.delete("/validation-rules/{id}", { path: { id } }));

/** Records with old gaps, page by page: each looks at 200 records. */
export const violationsQuery = (entity: string) =>
  infiniteQueryOptions({
    queryKey: keys.violations(entity),
    queryFn: ({ pageParam, signal }) =>
      api.get("/entities/{entity}/violations", {
        path: { entity },
        query: pageParam ? { cursor: pageParam } : {},
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    enabled: false,
  });
