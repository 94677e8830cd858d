/** What a field is called in each language, the reader's first. */
import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { currentLocale, locales } from "@/i18n";
import type { Words } from "./fields-model";

interface Props {
  value: Words;
  error?: string;
  onChange(words: Words): void;
}

export function FieldNames({ value, error, onChange }: Props) {
  const { t } = useTranslation("rules");
  const own = currentLocale();
  const inOrder = locales.toSorted((a, b) => Number(b.code === own) - Number(a.code === own));
  return inOrder.map(({ code }, index) => (
    <TextInput
      key={code}
      label={t(`label_${code}`)}
      lang={code}
      data-autofocus={index === 0 || undefined}
      maxLength={100}
      value={value[code]}
      error={index === 0 ? error : undefined}
      onChange={(event) => onChange({ ...value, [code]: event.currentTarget.value })}
    />
  ));
}
