/** The company's people: accounts, departments, roles, tokens, the company itself. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Body, Id, Me } from "./types";

export const usersQuery = queryOptions({
  queryKey: keys.accounts,
  queryFn: ({ signal }) => api.get("/users", { signal }).then((page) => page.items),
});

export const departmentTreeQuery = queryOptions({
  queryKey: keys.departmentTree,
  queryFn: ({ signal }) => api.get("/departments", { signal }).then((page) => page.items),
});

export const rolesQuery = queryOptions({
  queryKey: keys.roles,
  queryFn: ({ signal }) => api.get("/roles", { signal }).then((page) => page.items),
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => api.get("/tokens", { signal }).then((page) => page.items),
});

async function saved<T>(answer: Promise<T>, queryKey: readonly unknown[]): Promise<T> {
  const result = await answer;
  await queryClient.invalidateQueries({ queryKey });
  return result;
}

export type UserInput = Body<"NewUser">;
export type UserPatch = Body<"UserPatch">;
export const createUser = (input: UserInput) => saved(api.create("/users", input), ["users"]);
export const updateUser = (id: Id, patch: UserPatch) =>
  saved(api.patch("/users/{id}", patch, { path: { id } }), ["users"]);

/** Shown once; no answer of it is kept. */
export const inviteUser = (id: Id) => api.post("/users/{id}/invite", undefined, { path: { id } });
export const removeFactorOf = (id: Id) =>
  saved(api.delete("/users/{id}/factor", { path: { id } }), keys.accounts);

export const unlinkProvidersOf = (id: Id) =>
  saved(api.delete("/users/{id}/providers", { path: { id } }), keys.accounts);

export type DepartmentInput = Body<"DepartmentInput">;
export const createDepartment = (input: DepartmentInput) =>
  saved(api.create("/departments", input), keys.departments);
export const updateDepartment = (id: Id, input: DepartmentInput) =>
  saved(api.patch("/departments/{id}", input, { path: { id } }), keys.departments);
export const deleteDepartment = (id: Id) =>
  saved(api.delete("/departments/{id}", { path: { id } }), keys.departments);

export type RoleInput = Body<"RoleInput">;
export const createRole = (input: RoleInput) => saved(api.create("/roles", input), keys.roles);
export const updateRole = (id: Id, input: RoleInput) =>
  saved(api.patch("/roles/{id}", input, { path: { id } }), keys.roles);
export const deleteRole = (id: Id) => saved(api.delete("/roles/{id}", { path: { id } }), keys.roles);

export const createToken = (input: Body<"NewToken">) => saved(api.create("/tokens", input), keys.tokens);
export const revokeToken = (id: Id) => saved(api.delete("/tokens/{id}", { path: { id } }), keys.tokens);

export const sessionsQuery = queryOptions({
  queryKey: keys.sessions,
  queryFn: ({ signal }) => api.get("/me/sessions", { signal }).then((page) => page.items),
});
export const endSession = (id: Id) => saved(api.delete("/me/sessions/{id}", { path: { id } }), keys.sessions);
export const endOtherSessions = () => saved(api.delete("/me/sessions"), keys.sessions);

export const updateTenant = (patch: Body<"TenantPatch">) => saved(api.patch("/tenant", patch), keys.me);

export async function updateMe(patch: Body<"MePatch">): Promise<Me> {
  const me = await api.patch("/me", patch);
  queryClient.setQueryData(keys.me, me);
  return me;
}

/** Ends all of one's sessions, this one too. */
export const changePassword = (present: string, next: string) =>
  api.post("/me/password", { present, new: next }, { quiet: true });

export const factorQuery = queryOptions({
  queryKey: keys.factor,
  queryFn: ({ signal }) => api.get("/me/factor", { signal }),
});
export const beginFactor = (present: string) => api.post("/me/factor", { present });
export const confirmFactor = (code: string) => saved(api.put("/me/factor", { code }), keys.factor);
export const removeFactor = (present: string) =>
  saved(api.post("/me/factor/remove", { present }), keys.factor);

/** Who did what, the newest first. */
export const auditQuery = (of: { area?: string; person?: Id }) =>
  infiniteQueryOptions({
    queryKey: [...keys.audit, of],
    queryFn: ({ pageParam, signal }) =>
      api.get("/audit", { query: { ...of, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 10_000,
  });
