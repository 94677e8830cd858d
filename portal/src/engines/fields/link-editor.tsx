/**
 * Picking a person, a department, a record or several of them by a few letters of the title; what is not found can be
 * made here, where the person may. A link may lead to records of several entities: all of them are searched.
 */
import { type ComboboxParsedItem, MultiSelect, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { departmentsQuery, type Found, lookupQuery, peopleQuery } from "@/api/lookups";
import { messageOf } from "@/api/problem";
import { createRecord } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Entity, Field, Refs } from "@/api/types";
import type { EditorProps } from "./editor-props";
import { selectText } from "./select-text";
import { ids } from "./values";

/** Whether a field leads to people, or to departments: one of them, or in a list of links several. */
const leadsTo = (field: Field, what: "user" | "department"): boolean =>
  field.type === what || (field.type === "links" && (field.entity === what || field.entities?.[0] === what));

/** What this field may lead to and this person may see. */
function useTargets(field: Field): Entity[] {
  const entities = useEntities();
  if (leadsTo(field, "user") || leadsTo(field, "department")) return [];
  const wanted = field.entities?.length ? field.entities : field.entity ? [field.entity] : [];
  return wanted
    .map((key) => entities.find((entity) => entity.key === key))
    .filter((entity) => entity !== undefined);
}

/** What can be picked for this field when `q` is typed. */
function useFound(field: Field, targets: Entity[], q: string): { found: Found[]; loading: boolean } {
  const person = leadsTo(field, "user");
  const department = leadsTo(field, "department");
  const people = useQuery({ ...peopleQuery(q), enabled: person, placeholderData: keepPreviousData });
  const departments = useQuery({ ...departmentsQuery, enabled: department });
  const records = useQueries({
    queries: targets.map((target) => ({
      ...lookupQuery(target.key, target.title_field, q),
      placeholderData: keepPreviousData,
    })),
  });
  if (person) return { found: people.data ?? [], loading: people.isFetching };
  if (department) {
    const wanted = q.toLocaleLowerCase();
    return {
      found: (departments.data ?? []).filter(({ ref }) => ref.title.toLocaleLowerCase().includes(wanted)),
      loading: departments.isFetching,
    };
  }
  return {
    found: records.flatMap(({ data }) => data ?? []),
    loading: records.some(({ isFetching }) => isFetching),
  };
}

/** A line of the list that makes a record of this entity. */
const making = "make:";
const isMaker = (line: string) => line.startsWith(making);

/** `several`: any number of values even where the field itself holds one (filters, where nothing is made). */
export function LinkEditor({
  several,
  field,
  value,
  refs,
  onChange,
  onCommit,
  onCancel,
  label,
  error,
  autoFocus,
  open,
  nested,
}: EditorProps & { several?: boolean }) {
  const { t } = useTranslation(["common", "fields"]);
  const [typed, setTyped] = useState("");
  const [key, setKey] = useState(newKey);
  const targets = useTargets(field);
  const chosen = ids(value);
  // The control shows the chosen title as its text: that is not a search.
  const shown = chosen.map((id) => refs[id]?.title);
  const [q] = useDebouncedValue(shown.includes(typed) ? "" : typed, 180);
  const { found, loading } = useFound(field, targets, q);
  const known: Refs = { ...refs };
  for (const { id, ref } of found) known[id] = ref;
  const kindOf = (entity: string | undefined) => targets.find((target) => target.key === entity)?.label;
  const wanted = typed.trim();
  const searching = wanted !== "" && !shown.includes(typed);
  // Until the answer for what stands there has come, nothing is offered: Enter must not take another one's answer.
  const settled = !searching || (q === typed && !loading);
  const isNew = searching && settled && !several && !found.some(({ ref }) => ref.title === wanted);
  const offered = new Set(found.map(({ id }) => id));
  const data = [
    ...[...new Set([...chosen, ...found.map(({ id }) => id)])].map((id) => {
      const title = known[id]?.title || t("fields:unknown");
      const kind = targets.length > 1 ? kindOf(known[id]?.entity) : undefined;
      return { value: id, label: kind && !chosen.includes(id) ? `${title} · ${kind}` : title };
    }),
    ...(isNew ? targets.filter((target) => target.actions.create) : []).map((target) => ({
      value: making + target.key,
      label:
        targets.length > 1
          ? t("fields:create_as", { entity: target.label, title: wanted })
          : t("fields:create_it", { title: wanted }),
    })),
  ];
  const make = useMutation({
    mutationFn: (target: Entity) => createRecord(target.key, { [target.title_field]: wanted }, key),
    onSuccess: (record, target) => {
      setKey(newKey());
      const picked = { ...pick(known, chosen), [record.id]: { entity: target.key, title: wanted } };
      const next = isList ? [...chosen, record.id] : record.id;
      onChange(next, picked);
      if (isList) setTyped("");
      else onCommit?.(next, picked);
    },
    onError: () => setKey(newKey()),
  });
  const isList = field.type === "links" || several === true;
  /** Whether the line was one that makes something. */
  const isMaking = (line: string | null | undefined): boolean => {
    const target = line?.startsWith(making) ? targets.find((one) => making + one.key === line) : undefined;
    if (target && !make.isPending) make.mutate(target);
    return target !== undefined;
  };
  const common = {
    ...(label ? { label } : { "aria-label": field.label }),
    error: make.error ? messageOf(make.error, t("common:network")) : error,
    autoFocus,
    "data-autofocus": autoFocus || undefined,
    data,
    searchable: true,
    // Once more when the answer comes.
    selectFirstOptionOnChange: searching && settled,
    searchValue: typed,
    onSearchChange: (text: string) => {
      setTyped(text);
      if (make.isError) make.reset();
    },
    // The server has searched already; what is chosen is offered where it was found or nothing is searched for.
    filter: ({ options }: { options: ComboboxParsedItem[] }) =>
      settled
        ? options.filter(
            (one) => "value" in one && (!searching || offered.has(one.value) || isMaker(one.value)),
          )
        : [],
    placeholder: chosen.length ? undefined : t("fields:type_to_find"),
    nothingFoundMessage: make.isPending
      ? t("fields:creating")
      : loading || !settled
        ? t("common:loading")
        : t("fields:nothing_found"),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key === "Escape" && onCancel) {
        event.stopPropagation();
        onCancel();
      }
    },
  };

  const choose = (next: string | null) => {
    if (isMaking(next)) return;
    const picked = pick(known, next ? [next] : []);
    onChange(next, picked);
    onCommit?.(next, picked);
  };

  if (isList) {
    return (
      <MultiSelect
        {...common}
        hidePickedOptions
        comboboxProps={{ withinPortal: !several && !nested }}
        value={chosen}
        onChange={(next) => {
          if (!isMaking(next.find(isMaker))) onChange(next, pick(known, next));
        }}
        onBlur={() => onCommit?.(value, pick(known, chosen))}
      />
    );
  }
  return (
    <Select
      {...common}
      comboboxProps={{ withinPortal: !nested }}
      defaultDropdownOpened={open}
      clearable={!field.required}
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      allowDeselect={false}
      value={chosen[0] ?? null}
      onFocus={selectText}
      onClick={(event) => shown.includes(typed) && selectText(event)}
      onOptionSubmit={choose}
      onChange={(next) => next === null && choose(null)}
    />
  );
}

function pick(known: Refs, wanted: string[]): Refs {
  const refs: Refs = {};
  for (const id of wanted) {
    const ref = known[id];
    if (ref) refs[id] = ref;
  }
  return refs;
}
