/** A day or a moment by typing or from a calendar. A day has no time zone; a moment is shown in the browser's. */
import "@mantine/dates/styles.css";
import "dayjs/locale/ru";
import "dayjs/locale/uk";
import { CloseButton, Popover, TextInput } from "@mantine/core";
import { DatePicker } from "@mantine/dates";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Value } from "@/api/types";
import { currentLocale } from "@/i18n";
import { clockOf, localDay, readDay, readMoment, writeDay, writeMoment } from "@/i18n/read";
import { selectText } from "./select-text";
import { useTyped } from "./use-typed";

interface Props {
  /** Spoken, and shown with `shown`. */
  name: string;
  shown?: boolean;
  hint?: string;
  /** YYYY-MM-DD; with `clock`, a moment as an ISO text. */
  value: Value;
  /** A moment, not a day. */
  clock?: boolean;
  clearable?: boolean;
  error?: string;
  autoFocus?: boolean;
  placeholder?: string;
  /** Inside something that closes on an outside click: the calendar opens within it. */
  nested?: boolean;
  onChange(value: Value): void;
  /** A day was chosen from the calendar. */
  onPick?(value: Value): void;
  /** The person left it or pressed Enter. */
  onSettle?(): void;
  onKeyDown?(event: KeyboardEvent): void;
}

export default function DateEditor(props: Props) {
  const { name, shown, hint, value, clock, error, autoFocus, onChange, onPick, onKeyDown } = props;
  const { t } = useTranslation("fields");
  const [open, setOpen] = useState(false);
  const locale = currentLocale();
  const before = typeof value === "string" && clock ? clockOf(new Date(value)) : "00:00";
  const example = clock ? writeMoment("2026-12-20T15:30:00", locale) : writeDay("2026-12-20", locale);
  const typed = useTyped({
    value,
    write: (one) =>
      typeof one !== "string" || !one ? "" : clock ? writeMoment(one, locale) : writeDay(one, locale),
    read: (text) => (clock ? readMoment(text, locale, before) : readDay(text, locale)),
    reason: () => t(clock ? "moment_wrong" : "day_wrong", { example }),
    onChange,
  });
  const shownDay = typeof value !== "string" ? null : clock ? localDay(new Date(value)) : value.slice(0, 10);
  const pick = (day: string | null) => {
    const next = day && clock ? (readMoment(writeDay(day, locale), locale, before) ?? null) : day;
    typed.choose(next);
    setOpen(false);
    onPick?.(next);
  };
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" withinPortal={!props.nested}>
      <Popover.Target>
        <TextInput
          {...(shown ? { label: name } : { "aria-label": name })}
          description={hint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          role="combobox"
          ref={typed.input}
          error={typed.wrong ?? error}
          autoFocus={autoFocus}
          data-autofocus={autoFocus || undefined}
          autoComplete="off"
          placeholder={props.placeholder ?? example}
          value={typed.typed}
          rightSection={
            props.clearable &&
            typed.typed && (
              <CloseButton
                size="xs"
                tabIndex={-1}
                aria-label={t("clear")}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => typed.type("")}
              />
            )
          }
          onChange={(event) => typed.type(event.currentTarget.value)}
          onFocus={(event) => {
            setOpen(true);
            if (autoFocus) selectText(event);
          }}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setOpen(false);
            typed.settle();
            props.onSettle?.();
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              typed.settle();
              props.onSettle?.();
            }
            if (event.key === "Enter" || event.key === "Escape") setOpen(false);
            onKeyDown?.(event);
          }}
        />
      </Popover.Target>
      {/* The calendar is for the pointer: by keyboard a day is typed, and the focus stays where it is. */}
      <Popover.Dropdown onMouseDown={(event) => event.preventDefault()}>
        <DatePicker
          key={shownDay}
          locale={locale}
          highlightToday
          firstDayOfWeek={locale === "en" ? 0 : 1}
          value={shownDay}
          defaultDate={shownDay ?? undefined}
          onChange={pick}
          getDayProps={() => ({ tabIndex: -1 })}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
