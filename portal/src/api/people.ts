/** The company's people: accounts, departments, roles, tokens, the company itself. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type {
  AccessRow,
  Department,
  FieldRight,
  Id,
  Locale,
  Me,
  Role,
  Token,
  TokenScope,
  UserRow,
} from "./types";

export const usersQuery = queryOptions({
  queryKey: keys.accounts,
  queryFn: ({ signal }) => api.get<{ items: UserRow[] }>("/users", { signal }).then((page) => page.items),
});

export const departmentTreeQuery = queryOptions({
  queryKey: keys.departmentTree,
  queryFn: ({ signal }) =>
    api.get<{ items: Department[] }>("/departments", { signal }).then((page) => page.items),
});

export const rolesQuery = queryOptions({
  queryKey: keys.roles,
  queryFn: ({ signal }) => api.get<{ items: Role[] }>("/roles", { signal }).then((page) => page.items),
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => api.get<{ items: Token[] }>("/tokens", { signal }).then((page) => page.items),
});

export interface UserInput {
  name: string;
  email: string;
  password?: string;
  department_id: Id | null;
  roles: Id[];
  locale: Locale;
}
export type UserPatch = Partial<UserInput & { active: boolean; absent_until: string | null }>;

async function saved<T>(answer: Promise<T>, queryKey: readonly unknown[]): Promise<T> {
  const result = await answer;
  await queryClient.invalidateQueries({ queryKey });
  return result;
}

export const createUser = (input: UserInput) => saved(api.create<UserRow>("/users", input), ["users"]);
export const updateUser = (id: Id, patch: UserPatch) =>
  saved(api.patch<UserRow>(`/users/${id}`, patch), ["users"]);

export type DepartmentInput = Pick<Department, "name" | "parent_id" | "head_id">;
export const createDepartment = (input: DepartmentInput) =>
  saved(api.create<Department>("/departments", input), keys.departments);
export const updateDepartment = (id: Id, input: DepartmentInput) =>
  saved(api.patch<Department>(`/departments/${id}`, input), keys.departments);
export const deleteDepartment = (id: Id) => saved(api.delete(`/departments/${id}`), keys.departments);

export interface RoleInput {
  key?: string;
  name: string;
  admin: boolean;
  rows: AccessRow[];
  field_rights: FieldRight[];
}
export const createRole = (input: RoleInput) => saved(api.create<Role>("/roles", input), keys.roles);
export const updateRole = (id: Id, input: RoleInput) =>
  saved(api.patch<Role>(`/roles/${id}`, input), keys.roles);
export const deleteRole = (id: Id) => saved(api.delete(`/roles/${id}`), keys.roles);

export const createToken = (input: { name: string; scopes: TokenScope[]; expires_at?: string }) =>
  saved(api.create<Token>("/tokens", input), keys.tokens);
export const revokeToken = (id: Id) => saved(api.delete(`/tokens/${id}`), keys.tokens);

export const updateTenant = (
  patch: Partial<Pick<Me["tenant"], "name" | "locale" | "currency" | "time_zone">>,
) => saved(api.patch("/tenant", patch), keys.me);

export async function updateMe(patch: { locale?: Locale; absent_until?: string | null }): Promise<Me> {
  const me = await api.patch<Me>("/me", patch);
  queryClient.setQueryData(keys.me, me);
  return me;
}
