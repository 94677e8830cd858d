/** The code of a second factor, or one from paper. */
import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function CodeInput({ value, onChange }: { value: string; onChange(value: string): void }) {
  const { t } = useTranslation("session");
  return (
    <TextInput
      label={t("code")}
      description={t("code_hint")}
      name="totp"
      autoComplete="one-time-code"
      autoFocus
      required
      withAsterisk={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
