/** A calendar day in a filter. */
import "@mantine/dates/styles.css";
import "dayjs/locale/ru";
import "dayjs/locale/uk";
import { DateInput } from "@mantine/dates";
import dayjs from "dayjs";
import customParse from "dayjs/plugin/customParseFormat";
import type { Value } from "@/api/types";
import { currentLocale } from "@/i18n";

dayjs.extend(customParse);

export default function DayInput({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Value;
  onChange(value: string | null): void;
}) {
  return (
    <DateInput
      aria-label={label}
      placeholder={label}
      valueFormat="DD.MM.YYYY"
      locale={currentLocale()}
      dateParser={(text) => {
        const parsed = dayjs(text.trim(), ["DD.MM.YYYY", "D.M.YYYY", "YYYY-MM-DD"], true);
        return parsed.isValid() ? parsed.format("YYYY-MM-DD") : null;
      }}
      value={typeof value === "string" ? value : null}
      onChange={onChange}
      popoverProps={{ withinPortal: false }}
    />
  );
}
