/** A length of working time: a number and its unit. */
import { NumberInput, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { spanOf, type Unit, writeSpan } from "@/engines/designer/time";
import { Pair } from "@/ui/block";

interface Props {
  label: string;
  description: string;
  /** ISO 8601; empty for none. */
  value: string;
  error?: string;
  onChange(value: string): void;
}

const units: Unit[] = ["days", "hours", "minutes"];

export function SpanInput({ label, description, value, error, onChange }: Props) {
  const { t } = useTranslation("pipelines");
  const span = spanOf(value);
  const [unit, setUnit] = useState<Unit>(span?.unit ?? "days");
  const put = (amount: number | undefined, of: Unit) => {
    setUnit(of);
    onChange(amount && amount > 0 ? writeSpan({ amount: Math.round(amount), unit: of }) : "");
  };
  return (
    <Pair>
      <NumberInput
        label={label}
        description={description}
        inputWrapperOrder={["label", "input", "description", "error"]}
        min={0}
        max={20_000}
        allowDecimal={false}
        allowNegative={false}
        placeholder={t("no_limit")}
        value={span?.amount ?? ""}
        error={error}
        onChange={(amount) => put(typeof amount === "number" ? amount : undefined, unit)}
      />
      <Select
        label={t("unit")}
        aria-label={`${label}: ${t("unit")}`}
        allowDeselect={false}
        data={units.map((one) => ({ value: one, label: t(`unit_${one}`) }))}
        value={unit}
        onChange={(next) => next && put(span?.amount, next as Unit)}
      />
    </Pair>
  );
}
