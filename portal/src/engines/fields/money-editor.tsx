/** An amount of money by typing, and the currency beside it. */
import { Select } from "@mantine/core";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Field, Fields } from "@/api/types";
import type { Shape } from "@/engines/source";
import type { EditorProps } from "./editor-props";
import { amountOf, currenciesOf, currencyFieldOf, currencyOf, moneyDecimals } from "./money";
import { NumberEditor } from "./number-editor";

export function MoneyEditor(props: EditorProps & { onKeyDown(event: KeyboardEvent): void }) {
  return (
    <NumberEditor
      {...props}
      value={amountOf(props.value)}
      decimals={moneyDecimals}
      onChange={(amount) => props.onChange(amount)}
    />
  );
}

interface CurrencyProps {
  shape: Shape;
  /** The amount. */
  field: Field;
  fields: Fields;
  /** The company's currency. */
  fallback: string;
  /** Fields to be saved together with the amount. */
  onChange(beside: Fields): void;
}

export function CurrencySelect({ shape, field, fields, fallback, onChange }: CurrencyProps) {
  const { t } = useTranslation("fields");
  const current = currencyOf(shape, field, fields, fallback);
  const own = currencyFieldOf(shape, field);
  const currencies = currenciesOf(own, current);
  if (!own || !currencies) return null;
  return (
    <Select
      aria-label={t("currency")}
      w={92}
      allowDeselect={false}
      searchable
      data={currencies}
      value={current}
      onChange={(currency) => currency && onChange({ [own.key]: currency })}
    />
  );
}
