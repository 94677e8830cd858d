/** The currency beside an amount of money. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Field, Fields } from "@/api/types";
import type { Shape } from "@/engines/source";
import { currenciesOf, currencyFieldOf, currencyName, currencyOf } from "./money";
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

/** By its code or its name; the code that stands there is no search. */
const isMeant = (code: string, search: string) => {
  const wanted = search.trim().toLocaleLowerCase();
  return currencyName(code).toLocaleLowerCase().includes(wanted);
};

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
      data={currencies.map(({ value }) => value)}
      comboboxProps={{ width: 260, position: "bottom-end" }}
      filter={({ options, search }) => options.filter((one) => "value" in one && isMeant(one.value, search))}
      renderOption={({ option }) => currencyName(option.value)}
      nothingFoundMessage={t("nothing_found")}
      value={current}
      onChange={(currency) => currency && onChange({ [own.key]: currency })}
    />
  );
}
