/** The name of a section or a tab of cards, in each language. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Locale } from "@/api/types";
import { FormDrawer } from "@/ui/form-drawer";
import { WordsInput } from "./pipelines/words";

interface Props {
  kind: "section" | "tab";
  title: Partial<Record<Locale, string>>;
  onDone(title: Partial<Record<Locale, string>>): void;
  onClose(): void;
}

export function SectionForm({ kind, title, onDone, onClose }: Props) {
  const { t } = useTranslation(["rules", "common"]);
  const [words, setWords] = useState(title);
  const [tried, setTried] = useState(false);
  const named = Object.values(words).some((text) => text?.trim());
  return (
    <FormDrawer
      title={t(`rules:layout_${kind}`)}
      submit={t("rules:layout_section_done")}
      values={words}
      pending={false}
      error={null}
      fields={[]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (named) onDone(words);
      }}
    >
      <WordsInput
        label={t("rules:layout_section_name")}
        value={words}
        focus
        error={tried && !named ? t("rules:needed") : undefined}
        onChange={setWords}
      />
    </FormDrawer>
  );
}
