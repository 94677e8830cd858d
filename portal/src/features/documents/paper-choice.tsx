/** Which template, and in which language. */
import { Group, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Language } from "@/api/papers";
import type { TemplateChoice } from "./choices";

const languages: { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "ru", label: "Русский" },
  { value: "uk", label: "Українська" },
];

interface Props {
  choices: TemplateChoice[];
  chosen: TemplateChoice | undefined;
  language: Language | undefined;
  onChoose(value: string): void;
  onLanguage(language: Language | undefined): void;
}

export function PaperChoice({ choices, chosen, language, onChoose, onLanguage }: Props) {
  const { t } = useTranslation(["documents", "fields"]);
  const label = ({ title, paper }: TemplateChoice) => title ?? t(`documents:paper_${paper ?? "quote"}`);
  return (
    <Group grow align="end" gap={12}>
      {choices.length > 1 && (
        <Select
          label={t("documents:paper")}
          allowDeselect={false}
          data={choices.map((one) => ({ value: one.value, label: label(one) }))}
          value={chosen?.value ?? null}
          onChange={(value) => value && onChoose(value)}
        />
      )}
      <Select
        label={t("documents:language")}
        placeholder={t("documents:clients_language")}
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        data={languages}
        value={language ?? null}
        onChange={(value) => onLanguage((value ?? undefined) as Language | undefined)}
      />
    </Group>
  );
}
