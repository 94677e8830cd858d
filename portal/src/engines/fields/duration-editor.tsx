/** A length of time by typing. */
import { TextInput } from "@mantine/core";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Value } from "@/api/types";
import { durationText, readDuration } from "./duration";
import { useTyped } from "./use-typed";

interface Props {
  /** Spoken, and shown with `shown`. */
  name: string;
  shown?: boolean;
  value: Value;
  error?: string;
  autoFocus?: boolean;
  onChange(value: Value): void;
  onKeyDown?(event: KeyboardEvent): void;
}

export function DurationEditor({ name, shown, value, onChange, error, autoFocus, onKeyDown }: Props) {
  const { t } = useTranslation("fields");
  const typed = useTyped({
    value,
    write: (one) => (typeof one === "number" ? durationText(one) : ""),
    read: readDuration,
    reason: () => t("duration_wrong"),
    onChange,
  });
  return (
    <TextInput
      {...(shown ? { label: name } : { "aria-label": name })}
      ref={typed.input}
      error={typed.wrong ?? error}
      autoFocus={autoFocus}
      data-autofocus={autoFocus || undefined}
      placeholder="0:00"
      value={typed.typed}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") typed.settle();
        onKeyDown?.(event);
      }}
    />
  );
}
