/** What is sold: figures of rows, and rows kept in their record. */
import { api } from "./client";
import type { Body, Id } from "./types";

export type SaleRow = Body<"Row">;
export type Calculated = Body<"Calculated">;
export type Totals = Body<"TotalsView">;
export type RowChange = Body<"RowChange">;

/** What rows come to, exactly; nothing is kept. */
export const calculate = (input: Body<"CalculateInput">, signal?: AbortSignal) =>
  api.post("/sales/calculate", input, { signal });

/** What is left out stays as it is. */
export const putRows = (entity: string, id: Id, input: Partial<Body<"RowsInput">>) =>
  api.put(
    "/records/{entity}/{id}/rows",
    { rows: null, discount: null, refresh: false, dry_run: false, version: null, ...input },
    { path: { entity, id } },
  );
