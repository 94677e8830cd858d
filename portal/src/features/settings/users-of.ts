/** Names of what looks at a field, of a refusal to take it away or to change its type. */
import { ApiError } from "@/api/problem";

export function usersOf(error: unknown): string[] {
  if (!(error instanceof ApiError) || error.code !== "config.in_use") return [];
  const { users = [] } = (error.problem.current ?? {}) as unknown as { users?: { name: string }[] };
  return users.map(({ name }) => name);
}
