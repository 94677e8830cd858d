/** A record that a template is tried with; none: an example. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryRecords } from "@/api/records";
import { useEntity } from "@/api/session";
import type { Id, RecordData } from "@/api/types";

interface Props {
  entity: string;
  value: Id | undefined;
  onChange(id: Id | undefined): void;
}

export function RecordChoice({ entity, value, onChange }: Props) {
  const { t } = useTranslation(["templates", "fields"]);
  const known = useEntity(entity);
  const titled = known?.title_field ?? "title";
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState<RecordData>();
  const titleOf = ({ fields }: RecordData) => String(fields[titled] ?? "") || t("fields:unknown");
  const [q] = useDebouncedValue(picked && typed === titleOf(picked) ? "" : typed.trim(), 180);
  const { data } = useQuery({
    queryKey: [...keys.lookup(entity, q), "trial"],
    queryFn: ({ signal }) =>
      queryRecords(entity, { q: q || undefined, limit: 20, fields: [titled] }, { signal }),
    enabled: known?.actions.read === true,
    placeholderData: keepPreviousData,
  });
  const found = data?.items ?? [];
  const offered = picked && !found.some(({ id }) => id === picked.id) ? [picked, ...found] : found;
  return (
    <Select
      label={t("templates:record")}
      placeholder={t("templates:record_sample")}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      data={offered.map((one) => ({ value: one.id, label: titleOf(one) }))}
      filter={({ options }) => options}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value ?? null}
      onChange={(id) => {
        setPicked(offered.find((one) => one.id === id));
        onChange(id ?? undefined);
      }}
    />
  );
}
