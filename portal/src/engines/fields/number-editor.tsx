/** A number by typing, read as the language writes numbers. */
import { TextInput } from "@mantine/core";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Value } from "@/api/types";
import { currentLocale } from "@/i18n";
import { readNumber, writeNumber } from "@/i18n/read";
import { selectText } from "./select-text";
import { useTyped } from "./use-typed";
import { isEmpty } from "./values";

interface Props {
  /** Spoken, and shown with `shown`. */
  name: string;
  shown?: boolean;
  value: Value;
  /** Digits after the separator; any number of them when left out. */
  decimals?: number;
  /** Digits after the separator that are written in any case: prices stand as amounts do. */
  least?: number;
  /** Why it was refused; `true` where that is said elsewhere. */
  error?: string | boolean;
  autoFocus?: boolean;
  placeholder?: string;
  hint?: string;
  required?: boolean;
  onChange(value: Value): void;
  onKeyDown?(event: KeyboardEvent): void;
}

const placesOf = (number: number) => {
  const [digits = "", exponent = "0"] = String(number).split("e");
  return Math.max(0, (digits.split(".")[1]?.length ?? 0) - Number(exponent));
};

export function NumberEditor(props: Props) {
  const { name, shown, value, decimals, onChange, error, autoFocus, placeholder, onKeyDown } = props;
  const { t } = useTranslation("fields");
  const locale = currentLocale();
  const typed = useTyped({
    value,
    write: (one) =>
      isEmpty(one) || !Number.isFinite(Number(one)) ? "" : writeNumber(Number(one), locale, props.least),
    read: (text) => {
      const number = readNumber(text, locale);
      return number === undefined || placesOf(number) > (decimals ?? 99) ? undefined : number;
    },
    reason: (text) =>
      readNumber(text, locale) === undefined
        ? t("number_wrong", { example: writeNumber(decimals === 0 ? 1_045_800 : 1_045_800.5, locale) })
        : decimals
          ? t("decimals_wrong", { count: decimals })
          : t("whole_wrong"),
    onChange,
  });
  return (
    <TextInput
      {...(shown ? { label: name } : { "aria-label": name })}
      ref={typed.input}
      description={props.hint}
      withAsterisk={props.required}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={typed.wrong ?? error}
      autoFocus={autoFocus}
      data-autofocus={autoFocus || undefined}
      inputMode={decimals === 0 ? "numeric" : "decimal"}
      placeholder={placeholder}
      value={typed.typed}
      onChange={(event) => typed.type(event.currentTarget.value)}
      // Opened to be changed: what is typed takes the place of what stands there.
      onFocus={autoFocus ? selectText : undefined}
      onBlur={typed.settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") typed.settle();
        onKeyDown?.(event);
      }}
    />
  );
}
