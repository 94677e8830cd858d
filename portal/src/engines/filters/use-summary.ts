/** Words, names and the catalogue for filter summaries; names of linked records are read when needed. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { departmentsQuery, peopleQuery } from "@/api/lookups";
import { recordQuery } from "@/api/records";
import { useEntities, useMe } from "@/api/session";
import type { Filter, Id, Refs } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import { ids } from "@/engines/fields/values";
import type { Shape } from "@/engines/source";
import { resolveField } from "./model";
import type { SummaryContext } from "./summary";

interface Pointer {
  kind: string;
  id: Id;
}

/** Ids a filter mentions, with the kind of record each points at. */
export function pointersOf(filter: Filter | undefined, entity: Shape, entities: Shape[]): Pointer[] {
  if (!filter) return [];
  if ("and" in filter) return filter.and.flatMap((part) => pointersOf(part, entity, entities));
  if ("or" in filter) return filter.or.flatMap((part) => pointersOf(part, entity, entities));
  if ("not" in filter) return pointersOf(filter.not, entity, entities);
  const field = resolveField(filter.field, entity, entities)?.field;
  const kind = field?.type === "link" || field?.type === "links" ? field.entity : field?.type;
  if (!kind || !(kind === "user" || kind === "department" || field?.entity)) return [];
  return ids(filter.value).map((id) => ({ kind, id }));
}

export function useSummaryContext(entity: Shape, filter: Filter | undefined): SummaryContext {
  const { t } = useTranslation(["filters", "common", "fields"]);
  const entities = useEntities();
  const { currency } = useMe().tenant;
  const pointers = useMemo(() => pointersOf(filter, entity, entities), [filter, entity, entities]);
  const people = useQuery({ ...peopleQuery(""), enabled: pointers.some(({ kind }) => kind === "user") });
  const departments = useQuery({
    ...departmentsQuery,
    enabled: pointers.some(({ kind }) => kind === "department"),
  });
  const linked = useQueries({
    queries: pointers
      .filter(({ kind }) => kind !== "user" && kind !== "department")
      .map(({ kind, id }) => ({ ...recordQuery(kind, id), staleTime: 60_000 })),
  });
  const refs: Refs = {};
  for (const { id, ref } of [...(people.data ?? []), ...(departments.data ?? [])]) refs[id] = ref;
  for (const { data } of linked) {
    const kind = data && entities.find((one) => one.key === data.entity);
    if (data && kind) refs[data.id] = { entity: data.entity, title: titleOf(kind, data.fields, "") };
  }
  return {
    entity,
    entities,
    refs,
    currency,
    words: {
      choice: (choice) => t(`filters:choice_${choice}`),
      period: (period) => t(`filters:period_${period as "today"}`),
      days: (count) => t("filters:days", { count }),
      chosen: (count) => t("filters:chosen", { count }),
      reached: t("filters:reached"),
      or: t("filters:or"),
      not: t("filters:not"),
      and: t("filters:and"),
    },
    text: { yes: t("common:yes"), no: t("common:no"), unknown: t("fields:unknown") },
  };
}
