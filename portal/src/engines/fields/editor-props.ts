/** What every control of a field's value takes. */
import type { Field, Fields, Refs, Value } from "@/api/types";
import type { Shape } from "@/engines/source";

export interface EditorProps {
  entity: Shape;
  field: Field;
  value: Value;
  refs: Refs;
  /** The record around the value: its pipeline limits the stages. */
  fields?: Fields;
  /** `beside`: fields that change together with it. */
  onChange(value: Value, refs?: Refs, beside?: Fields): void;
  onCommit?(value: Value, refs?: Refs, beside?: Fields): void;
  onCancel?(): void;
  /** Visible label; without it the field's label is only spoken. */
  label?: string;
  error?: string;
  autoFocus?: boolean;
  /** Choices open by themselves: the person clicked the value to change it. */
  open?: boolean;
  /** Inside something that closes on an outside click: lists open within it. */
  nested?: boolean;
}
