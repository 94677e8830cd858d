/** Where the choices of a field come from: the field itself, or a directory. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { directoriesQuery } from "@/api/directories";

interface Props {
  /** The key of a directory; empty: the field's own. */
  value: string;
  error?: string;
  onChange(directory: string): void;
}

/** Stands for the field itself: no key has a colon. */
const itself = "own:";

export function DirectorySelect({ value, error, onChange }: Props) {
  const { t } = useTranslation("rules");
  const all = useQuery(directoriesQuery).data ?? [];
  return (
    <Select
      label={t("options_from")}
      description={t("options_from_hint")}
      inputWrapperOrder={["label", "input", "description", "error"]}
      searchable={all.length > 7}
      allowDeselect={false}
      data={[
        { value: itself, label: t("options_own") },
        ...all.map(({ key, name }) => ({ value: key, label: name })),
      ]}
      value={value || itself}
      error={error}
      onChange={(directory) => onChange(directory === null || directory === itself ? "" : directory)}
    />
  );
}
