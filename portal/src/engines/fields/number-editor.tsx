/** A number by typing. What is typed is kept as typed: a lone minus is not yet a number. */
import { NumberInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import type { Value } from "@/api/types";
import type { EditorProps } from "./editor-props";
import { isEmpty } from "./values";

type Props = Pick<EditorProps, "field" | "label" | "error" | "autoFocus"> & {
  value: number | undefined;
  /** Digits after the separator; any number of them when left out. */
  decimals?: number;
  onChange(value: number | null): void;
  onKeyDown(event: KeyboardEvent): void;
};

export function numberOf(value: Value): number | undefined {
  return isEmpty(value) ? undefined : Number(value);
}

export function NumberEditor(props: Props) {
  const { field, value, decimals, onChange, label, error, autoFocus, onKeyDown } = props;
  const [typed, setTyped] = useState<string | number>(value ?? "");
  return (
    <NumberInput
      {...(label ? { label } : { "aria-label": field.label })}
      error={error}
      autoFocus={autoFocus}
      value={typed}
      onChange={(next) => {
        setTyped(next);
        onChange(next === "" || !Number.isFinite(Number(next)) ? null : Number(next));
      }}
      onKeyDown={onKeyDown}
      allowDecimal={field.type !== "integer"}
      decimalScale={decimals}
      thousandSeparator=" "
      decimalSeparator=","
      allowedDecimalSeparators={[",", "."]}
      hideControls
    />
  );
}
