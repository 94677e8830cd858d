/** What is sold, of the catalogue or by a name of one's own, and its tax. */
import { Autocomplete, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPackage } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryRecords } from "@/api/records";
import { useEntity } from "@/api/session";
import type { RecordData } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import type { DraftRow } from "./model";

interface Props {
  row: DraftRow;
  error?: boolean;
  onChange(more: Partial<DraftRow>): void;
}

/** What another product does not share with the one before it: the catalogue fills it in anew. */
const open = { unit: null, price: null, tax: null, tax_rate: null, tax_included: null };

/** Told apart by their codes. */
const labelOf = ({ fields }: RecordData) =>
  [fields.title, fields.code].filter((text) => typeof text === "string" && text).join(" · ");

export function ProductPicker({ row, error, onChange }: Props) {
  const { t } = useTranslation("sales");
  const title = row.title ?? "";
  const [q] = useDebouncedValue(row.product ? "" : title.trim(), 180);
  const known = useEntity("product");
  const { data } = useQuery({
    queryKey: [...keys.lookup("product", q), "codes"],
    queryFn: ({ signal }) =>
      queryRecords("product", { q: q || undefined, limit: 20, fields: ["title", "code"] }, { signal }),
    enabled: known?.actions.read === true,
    placeholderData: keepPreviousData,
  });
  const found = data?.items ?? [];
  const change = (text: string) => {
    const picked = found.find((product) => labelOf(product) === text);
    if (picked) onChange({ ...open, product: picked.id, title: String(picked.fields.title) });
    // The name on the document may be another than the product's; without a name it is none of the catalogue.
    else onChange(text.trim() ? { title: text } : { title: "", product: null });
  };
  return (
    <Autocomplete
      size="sm"
      aria-label={t("product")}
      placeholder={t("find")}
      leftSection={
        row.product ? <IconPackage size={16} role="img" aria-label={t("of_catalogue")} /> : undefined
      }
      data={[...new Set(found.map(labelOf))]}
      filter={({ options }) => options}
      value={title}
      error={error}
      onChange={change}
      comboboxProps={{ width: 320, position: "bottom-start" }}
    />
  );
}

const percent = (rate: unknown) => `${formatNumber(Number(rate), 4)}\u00a0%`;

export function TaxPicker({ row, error, onChange }: Props) {
  const { t } = useTranslation("sales");
  const known = useEntity("tax");
  const { data } = useQuery({
    queryKey: keys.lookup("tax", "rates"),
    queryFn: ({ signal }) => queryRecords("tax", { limit: 200, fields: ["title", "rate"] }, { signal }),
    enabled: known?.actions.read === true,
    staleTime: 60_000,
  });
  const options = (data?.items ?? []).map(({ id, fields }) => ({
    value: id,
    label: `${fields.title} · ${percent(fields.rate)}`,
  }));
  // A tax that is in the bin, or not to be seen, is known by its rate.
  const value = row.tax ?? (typeof row.tax_rate === "number" ? "rate" : null);
  if (value && !options.some((option) => option.value === value)) {
    options.unshift({ value, label: percent(row.tax_rate) });
  }
  return (
    <Select
      size="sm"
      aria-label={t("tax")}
      placeholder={t("no_tax")}
      data={options}
      value={value}
      error={error}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("no_tax"), tabIndex: -1 }}
      allowDeselect={false}
      comboboxProps={{ width: 220, position: "bottom-start" }}
      onChange={(tax) => tax !== "rate" && onChange({ tax, tax_rate: null })}
    />
  );
}
