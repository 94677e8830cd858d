/** Which paper of a document, and in which language. */
import { Group, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Language, Paper } from "@/api/papers";

const languages: { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "ru", label: "Русский" },
  { value: "uk", label: "Українська" },
];

interface Props {
  papers: Paper[];
  paper: Paper | undefined;
  language: Language | undefined;
  onPaper(paper: Paper): void;
  onLanguage(language: Language | undefined): void;
}

export function PaperChoice({ papers, paper, language, onPaper, onLanguage }: Props) {
  const { t } = useTranslation("documents");
  return (
    <Group grow align="end" gap={12}>
      {papers.length > 1 && (
        <Select
          label={t("paper")}
          allowDeselect={false}
          data={papers.map((value) => ({ value, label: t(`paper_${value}`) }))}
          value={paper ?? papers[0] ?? null}
          onChange={(value) => value && onPaper(value as Paper)}
        />
      )}
      <Select
        label={t("language")}
        placeholder={t("clients_language")}
        clearable
        data={languages}
        value={language ?? null}
        onChange={(value) => onLanguage((value ?? undefined) as Language | undefined)}
      />
    </Group>
  );
}
