/** A postal address, a line for each of its parts. */
import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MultiBox, MultiLabel, MultiProblem } from "@/ui/field";
import { addressOf, addressParts, withPart } from "./address";
import type { EditorProps } from "./editor-props";

export function AddressEditor({
  field,
  value,
  onChange,
  onCommit,
  onCancel,
  label,
  error,
  autoFocus,
}: EditorProps) {
  const { t } = useTranslation("fields");
  const address = addressOf(value);
  return (
    <MultiBox label={field.label} onEscape={() => onCancel?.()} onEnter={() => onCommit?.(value)}>
      {label && <MultiLabel>{label}</MultiLabel>}
      {addressParts.map((part, index) => (
        <TextInput
          key={part}
          aria-label={`${field.label}: ${t(`address_${part}`)}`}
          placeholder={t(`address_${part}`)}
          maxLength={255}
          autoFocus={autoFocus && index === 0}
          value={address[part] ?? ""}
          onChange={(event) => onChange(withPart(value, part, event.currentTarget.value))}
        />
      ))}
      {error && <MultiProblem>{error}</MultiProblem>}
    </MultiBox>
  );
}
