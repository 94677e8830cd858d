/** A calendar day with its label; may be cleared. */
import "@mantine/dates/styles.css";
import "dayjs/locale/ru";
import "dayjs/locale/uk";
import { DateInput } from "@mantine/dates";
import dayjs from "dayjs";
import customParse from "dayjs/plugin/customParseFormat";
import { useTranslation } from "react-i18next";
import { currentLocale } from "@/i18n";

dayjs.extend(customParse);

interface Props {
  label: string;
  hint?: string;
  error?: string;
  /** YYYY-MM-DD. */
  value: string | null;
  onChange(value: string | null): void;
}

export default function DayField({ label, hint, error, value, onChange }: Props) {
  const { t } = useTranslation("fields");
  return (
    <DateInput
      label={label}
      description={hint}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={error}
      size="sm"
      valueFormat="DD.MM.YYYY"
      placeholder="DD.MM.YYYY"
      locale={currentLocale()}
      dateParser={(text) => {
        const parsed = dayjs(text.trim(), ["DD.MM.YYYY", "D.M.YYYY", "YYYY-MM-DD"], true);
        return parsed.isValid() ? parsed.format("YYYY-MM-DD") : null;
      }}
      minDate={dayjs().format("YYYY-MM-DD")}
      clearable
      clearButtonProps={{ "aria-label": t("clear") }}
      value={value}
      onChange={onChange}
    />
  );
}
