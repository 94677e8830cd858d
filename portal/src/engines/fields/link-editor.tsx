/** Picking a person, a department, a record or several of them by a few letters of the title. */
import { MultiSelect, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentsQuery, type Found, lookupQuery, peopleQuery } from "@/api/lookups";
import { useEntities } from "@/api/session";
import type { Field, Refs } from "@/api/types";
import type { EditorProps } from "./editor-props";
import { ids } from "./values";

/** What can be picked for this field when `q` is typed. */
function useFound(field: Field, q: string): { found: Found[]; loading: boolean } {
  const entities = useEntities();
  const person = field.type === "user";
  const department = field.type === "department";
  const target = field.entity ?? "";
  const titleField = entities.find((entity) => entity.key === target)?.title_field ?? "title";
  const people = useQuery({ ...peopleQuery(q), enabled: person, placeholderData: keepPreviousData });
  const departments = useQuery({ ...departmentsQuery, enabled: department });
  const records = useQuery({
    ...lookupQuery(target, titleField, q),
    placeholderData: keepPreviousData,
    enabled: !person && !department && target !== "",
  });
  if (person) return { found: people.data ?? [], loading: people.isFetching };
  if (department) {
    const wanted = q.toLocaleLowerCase();
    return {
      found: (departments.data ?? []).filter(({ ref }) => ref.title.toLocaleLowerCase().includes(wanted)),
      loading: departments.isFetching,
    };
  }
  return { found: records.data ?? [], loading: records.isFetching };
}

/** `several`: any number of values even where the field itself holds one (filters). */
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
  const chosen = ids(value);
  // The control shows the chosen title as its text: that is not a search.
  const shown = chosen.map((id) => refs[id]?.title);
  const [q] = useDebouncedValue(shown.includes(typed) ? "" : typed, 180);
  const { found, loading } = useFound(field, q);
  const known: Refs = { ...refs };
  for (const { id, ref } of found) known[id] = ref;
  const data = [...new Set([...chosen, ...found.map(({ id }) => id)])].map((id) => ({
    value: id,
    label: known[id]?.title || t("fields:unknown"),
  }));
  const common = {
    ...(label ? { label } : { "aria-label": field.label }),
    error,
    autoFocus,
    data,
    searchable: true,
    searchValue: typed,
    onSearchChange: setTyped,
    // The server has searched already.
    filter: ({ options }: { options: unknown[] }) => options as never,
    placeholder: chosen.length ? undefined : t("fields:type_to_find"),
    nothingFoundMessage: loading ? t("common:loading") : t("fields:nothing_found"),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        onCancel?.();
      }
    },
  };

  const choose = (next: string | null) => {
    const picked = pick(known, next ? [next] : []);
    onChange(next, picked);
    onCommit?.(next, picked);
  };

  if (field.type === "links" || several) {
    return (
      <MultiSelect
        {...common}
        hidePickedOptions
        comboboxProps={{ withinPortal: !several && !nested }}
        value={chosen}
        onChange={(next) => onChange(next, pick(known, next))}
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
