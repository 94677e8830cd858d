/** The currency beside an amount that is being edited. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fields } from "@/api/types";
import type { Shape } from "@/engines/source";
import { currenciesOf, currencyOf } from "./money";

interface Props {
  shape: Shape;
  fields: Fields;
  /** The company's currency. */
  fallback: string;
  /** Fields to be saved together with the amount. */
  onChange(beside: Fields): void;
}

export function CurrencySelect({ shape, fields, fallback, onChange }: Props) {
  const { t } = useTranslation("fields");
  const current = currencyOf(fields, fallback);
  const currencies = currenciesOf(shape, current);
  if (!currencies) return null;
  return (
    <Select
      aria-label={t("currency")}
      w={92}
      allowDeselect={false}
      searchable
      data={currencies}
      value={current}
      onChange={(currency) => currency && onChange({ currency })}
    />
  );
}
