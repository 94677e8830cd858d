/** What a record would be like with what stands in a form: states of its fields, formulas, what speaks against it. */
import { api } from "./client";
import type { Body, Fields, Id } from "./types";

export type Evaluated = Body<"EvaluatedView">;
export type FieldState = Body<"StateView">;

/** Asks about a new record, or one that is kept with other values. Writes nothing. */
export const evaluate = (
  entity: string,
  id: Id | undefined,
  fields: Fields,
  signal: AbortSignal,
): Promise<Evaluated> => api.post("/records/{entity}/evaluate", { id, fields }, { path: { entity }, signal });
