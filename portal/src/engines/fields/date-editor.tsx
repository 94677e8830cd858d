/** Dates by typing or from a calendar. A date has no time zone; a moment is shown in the browser's. */
import "@mantine/dates/styles.css";
import "dayjs/locale/ru";
import "dayjs/locale/uk";
import { DateInput, DateTimePicker } from "@mantine/dates";
import dayjs from "dayjs";
import customParse from "dayjs/plugin/customParseFormat";
import type { KeyboardEvent } from "react";
import { currentLocale } from "@/i18n";
import type { EditorProps } from "./editor-props";

dayjs.extend(customParse);

type Props = EditorProps & { onKeyDown(event: KeyboardEvent): void };

const formats = ["DD.MM.YYYY", "D.M.YYYY", "D.M.YY", "YYYY-MM-DD", "DD/MM/YYYY"];

export default function DateEditor({
  field,
  value,
  onChange,
  onCommit,
  label,
  error,
  autoFocus,
  onKeyDown,
  nested,
}: Props) {
  const named = label ? { label } : { "aria-label": field.label };
  const common = {
    ...named,
    error,
    autoFocus,
    clearable: !field.required,
    locale: currentLocale(),
    onKeyDown,
  };
  if (field.type === "date") {
    return (
      <DateInput
        {...common}
        valueFormat="DD.MM.YYYY"
        dateParser={(text) => {
          const parsed = dayjs(text.trim(), formats, true);
          return parsed.isValid() ? parsed.format("YYYY-MM-DD") : null;
        }}
        value={typeof value === "string" ? value.slice(0, 10) : null}
        onChange={(next) => onChange(next)}
        popoverProps={{ withinPortal: !nested }}
      />
    );
  }
  return (
    <DateTimePicker
      {...common}
      valueFormat="DD.MM.YYYY HH:mm"
      value={typeof value === "string" ? dayjs(value).format("YYYY-MM-DD HH:mm:ss") : null}
      onChange={(next) => {
        const moment = next ? dayjs(next).toISOString() : null;
        onChange(moment);
      }}
      onDropdownClose={() => onCommit?.(value)}
      popoverProps={{ withinPortal: !nested }}
    />
  );
}
