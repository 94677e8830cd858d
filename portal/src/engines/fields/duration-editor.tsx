/** A length of time by typing. What cannot be read stays as it was typed, with the reason. */
import { TextInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { durationText, readDuration } from "./duration";
import type { EditorProps } from "./editor-props";

export function DurationEditor(props: EditorProps & { onKeyDown(event: KeyboardEvent): void }) {
  const { field, value, onChange, label, error, autoFocus, onKeyDown } = props;
  const { t } = useTranslation("fields");
  const [typed, setTyped] = useState(typeof value === "number" ? durationText(value) : "");
  const wrong = readDuration(typed) === undefined;
  return (
    <TextInput
      {...(label ? { label } : { "aria-label": field.label })}
      error={wrong ? t("duration_wrong") : error}
      autoFocus={autoFocus}
      placeholder="0:00"
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const seconds = readDuration(event.currentTarget.value);
        if (seconds !== undefined) onChange(seconds);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !wrong) onKeyDown(event);
        else event.preventDefault();
      }}
    />
  );
}
