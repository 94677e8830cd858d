/** The currency beside an amount of money. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Field, Fields } from "@/api/types";
import type { Shape } from "@/engines/source";
import { currenciesOf, currencyFieldOf, currencyOf } from "./money";
import { selectText } from "./select-text";

interface CurrencyProps {
  shape: Shape;
  /** The amount. */
  field: Field;
  fields: Fields;
  /** The company's currency. */
  fallback: string;
  /** In a form its label is shown, so that it stands in line. */
  labelled?: boolean;
  /** Fields to be saved together with the amount. */
  onChange(beside: Fields): void;
}

export function CurrencySelect({ shape, field, fields, fallback, labelled, onChange }: CurrencyProps) {
  const { t } = useTranslation("fields");
  const current = currencyOf(shape, field, fields, fallback);
  const own = currencyFieldOf(shape, field);
  const currencies = currenciesOf(own, current);
  if (!own || !currencies) return null;
  return (
    <Select
      {...(labelled ? { label: t("currency") } : { "aria-label": t("currency") })}
      w={92}
      allowDeselect={false}
      searchable
      onFocus={selectText}
      data={currencies}
      value={current}
      onChange={(currency) => currency && onChange({ [own.key]: currency })}
    />
  );
}
