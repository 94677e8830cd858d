/** Why a paper cannot be made or sent: the first of the fields' words, which say more than the whole's. */
import { ApiError } from "./problem";

export function refusalOf(error: unknown, beside: string[] = []): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const fields = Object.entries(error.problem.fields ?? {});
  return fields.find(([field]) => !beside.includes(field))?.[1].message;
}
