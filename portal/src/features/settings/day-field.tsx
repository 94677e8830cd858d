/** A calendar day with its label; may be cleared. What cannot be read stays in it and holds its form back. */
import type { Value } from "@/api/types";
import DateEditor from "@/engines/fields/date-editor";

interface Props {
  label: string;
  hint?: string;
  error?: string;
  /** YYYY-MM-DD. */
  value: string | null;
  onChange(value: string | null): void;
  /** The person is done with it: chose a day, left it or pressed Enter. */
  onDone?(value: string | null): void;
}

export default function DayField({ label, hint, error, value, onChange, onDone }: Props) {
  const take = (next: Value) => {
    if (next === null || typeof next === "string") onChange(next);
  };
  return (
    <DateEditor
      name={label}
      shown
      hint={hint}
      error={error}
      value={value}
      clearable
      onChange={take}
      onPick={(next) => onDone?.(typeof next === "string" ? next : null)}
      onSettle={() => onDone?.(value)}
    />
  );
}
