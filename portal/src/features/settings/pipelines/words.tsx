/** One text in each language, the reader's first. */
import { TextInput } from "@mantine/core";
import { currentLocale, locales } from "@/i18n";
import type { Words } from "./model";

interface Props {
  label: string;
  value: Words;
  error?: string;
  focus?: boolean;
  onChange(words: Words): void;
}

export function WordsInput({ label, value, error, focus, onChange }: Props) {
  const mine = currentLocale();
  const own = locales.filter(({ code }) => code === mine);
  const all = [...own, ...locales.filter(({ code }) => code !== mine)];
  return all.map(({ code, name }, index) => (
    <TextInput
      key={code}
      label={`${label} (${name})`}
      lang={code}
      maxLength={100}
      data-autofocus={(focus && index === 0) || undefined}
      value={value[code] ?? ""}
      error={index === 0 ? error : undefined}
      onChange={(event) => onChange({ ...value, [code]: event.currentTarget.value })}
    />
  ));
}
