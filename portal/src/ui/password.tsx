/** A password being typed; its eye says in the reader's language what it does. */
import { type PasswordInputProps, PasswordInput as Plain } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function PasswordInput(props: PasswordInputProps) {
  const { t } = useTranslation("common");
  return <Plain visibilityToggleButtonProps={{ "aria-label": t("show_password") }} {...props} />;
}
