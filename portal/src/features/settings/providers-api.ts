/** Providers by whose word people of the company sign in. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { queryClient } from "@/api/query-client";
import type { Body, Id } from "@/api/types";

export type Provider = Body<"SignInProvider">;
export type ProviderInput = Body<"SignInProviderInput">;
export type ProviderTest = Body<"ProviderTest">;

const all = ["sign-in-providers"] as const;

export const providersQuery = queryOptions({
  queryKey: all,
  queryFn: ({ signal }) => api.get("/sign-in-providers", { signal }).then(({ items }) => items),
});

const changed = async <T>(answer: Promise<T>): Promise<T> => {
  const made = await answer;
  await queryClient.invalidateQueries({ queryKey: all });
  return made;
};

export const createProvider = (input: ProviderInput) => changed(api.create("/sign-in-providers", input));
export const changeProvider = (id: Id, input: ProviderInput) =>
  changed(api.put("/sign-in-providers/{id}", input, { path: { id } }));
export const removeProvider = (id: Id) => changed(api.delete("/sign-in-providers/{id}", { path: { id } }));
export const testProvider = (id: Id) => api.post("/sign-in-providers/{id}/test", undefined, { path: { id } });
