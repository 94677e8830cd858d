/** A picture of the closed set, by its name in the reader's language. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { currentLocale } from "@/i18n";
import type words from "@/i18n/en/icons.json";
import { NamedIcon } from "@/ui/named-icon";
import { IconText } from "@/ui/page";
import { icons } from "@/ui/surface-icons";

interface Props {
  /** Its name; empty: the one that all share. */
  value: string;
  error?: string;
  onChange(icon: string): void;
}

const names = Object.keys(icons) as (keyof typeof words)[];

export function IconSelect({ value, error, onChange }: Props) {
  const { t } = useTranslation(["entities", "icons"]);
  const all = names
    .map((name) => ({ value: name, label: t(`icons:${name}`) }))
    .toSorted((a, b) => a.label.localeCompare(b.label, currentLocale()));
  return (
    <Select
      label={t("entities:icon")}
      placeholder={t("entities:icon_shared")}
      clearable
      searchable
      nothingFoundMessage={t("entities:nothing_found")}
      leftSection={value ? <NamedIcon name={value} size={18} instead={null} /> : undefined}
      renderOption={({ option }) => (
        <IconText icon={<NamedIcon name={option.value} size={18} instead={null} />}>{option.label}</IconText>
      )}
      data={all}
      value={value || null}
      error={error}
      onChange={(icon) => onChange(icon ?? "")}
    />
  );
}
