/** Finding records, people and departments by a few letters, for pickers. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryRecords } from "./records";
import type { Ref } from "./types";

export interface Found {
  id: string;
  ref: Ref;
}

export function lookupQuery(entity: string, titleField: string, q: string) {
  return queryOptions({
    queryKey: keys.lookup(entity, q),
    queryFn: async ({ signal }): Promise<Found[]> => {
      const page = await queryRecords(
        entity,
        { q: q || undefined, limit: 20, fields: [titleField] },
        { signal },
      );
      return page.items.map((item) => ({
        id: item.id,
        ref: { entity, title: String(item.fields[titleField] ?? "") },
      }));
    },
  });
}

export function peopleQuery(q: string) {
  return queryOptions({
    queryKey: keys.users(q),
    queryFn: async ({ signal }): Promise<Found[]> => {
      const page = await api.get("/users", { query: { q }, signal });
      return page.items
        .filter((user) => user.active)
        .map((user) => ({ id: user.id, ref: { entity: "user", title: user.name } }));
    },
  });
}

export const departmentsQuery = queryOptions({
  queryKey: keys.departments,
  queryFn: async ({ signal }): Promise<Found[]> => {
    const page = await api.get("/departments", { signal });
    return page.items.map((department) => ({
      id: department.id,
      ref: { entity: "department", title: department.name },
    }));
  },
  staleTime: 5 * 60_000,
});
