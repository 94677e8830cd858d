/** What the module of a field says of it: it holds beside what administrators write, and is the module's to change. */
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/types";
import { Code, Hint } from "@/ui/block";

export function DeclaredConditions({ field }: { field: Field }) {
  const { t } = useTranslation("rules");
  const declared = field.declared_conditions;
  if (!declared) return null;
  const nameOf = (key: string) => field.choices?.find(({ value }) => value === key)?.label ?? key;
  const lines = [
    { label: t("visible"), text: declared.visible },
    { label: t("required_when"), text: declared.required },
    { label: t("read_only_when"), text: declared.read_only },
    ...Object.entries(declared.options_when ?? {}).map(([key, text]) => ({
      label: t("option_when", { name: nameOf(key) }),
      text,
    })),
  ].filter(({ text }) => text);
  return (
    <Hint>
      {t("declared_conditions")}
      {lines.map(({ label, text }) => (
        <span key={label}>
          <br />
          {label}: <Code>{text}</Code>
        </span>
      ))}
    </Hint>
  );
}
