/** Names of records and people that an answer tells by their ids alone. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { usersQuery } from "@/api/people";
import { queryRecords } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Entity, Id } from "@/api/types";
import { titleOf } from "@/engines/fields/text";

interface RecordRef {
  entity: string;
  id: Id;
}

/** Ids of each entity once, in a steady order: the same question for the same records. */
export function byEntity(refs: (RecordRef | null | undefined)[]): [string, Id[]][] {
  const found = new Map<string, Set<Id>>();
  for (const ref of refs) {
    if (!ref) continue;
    const ids = found.get(ref.entity) ?? new Set<Id>();
    found.set(ref.entity, ids.add(ref.id));
  }
  return [...found].map(([entity, ids]): [string, Id[]] => [entity, [...ids].sort()]).sort();
}

const most = 200;

/** Titles by id; a record that may not be seen has none. */
export function useTitles(refs: (RecordRef | null | undefined)[], untitled: string): Map<Id, string> {
  const entities = useEntities();
  const asked = byEntity(refs)
    .map(([key, ids]) => ({ entity: entities.find((one) => one.key === key), ids: ids.slice(0, most) }))
    .filter((one): one is { entity: Entity; ids: Id[] } => one.entity !== undefined);
  const answers = useQueries({
    queries: asked.map(({ entity, ids }) => ({
      queryKey: ["titles", entity.key, ids],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        queryRecords(
          entity.key,
          {
            filter: { field: "id", op: "in" as const, value: ids },
            limit: ids.length,
            fields: [entity.title_field],
          },
          { signal },
        ),
      staleTime: 60_000,
    })),
  });
  const titles = new Map<Id, string>();
  answers.forEach(({ data }, index) => {
    const entity = asked[index]?.entity;
    if (!entity) return;
    for (const record of data?.items ?? []) titles.set(record.id, titleOf(entity, record.fields, untitled));
  });
  return titles;
}

/** Names of the company's people by id. */
export function useNames(): Map<Id, string> {
  const { data } = useQuery({ ...usersQuery, staleTime: 5 * 60_000 });
  return new Map((data ?? []).map((user) => [user.id, user.name]));
}
