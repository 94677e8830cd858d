/** One row of what is sold, in its controls or as text. */
import { ActionIcon, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { SaleRow } from "@/api/sales";
import type { Value } from "@/api/types";
import { decimalsOf } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { formatNumber } from "@/i18n/format";
import { Pair, SaleCell, SaleHead, SaleLine } from "@/ui/sale-rows";
import type { DraftRow } from "./model";
import { digitsOf, exactly, priceOf } from "./money";
import { ProductPicker, TaxPicker } from "./pickers";

export type Column = "product" | "quantity" | "unit" | "price" | "discount" | "tax" | "tax_included";

export interface Write {
  change(more: Partial<DraftRow>): void;
  /** The focus goes with it when it stood in a column. */
  move(by: -1 | 1, column?: Column): void;
  remove(): void;
  /** To the same column of the row below, or to a new row. */
  down(column: Column): void;
  save(): void;
}

interface Props {
  row: DraftRow;
  place: number;
  count: number;
  /** Without prices it is only said what and how many. */
  priced: boolean;
  figures: SaleRow["figures"];
  currency: string;
  /** Reasons of a refusal by column. */
  wrong?: Map<string, string>;
  write?: Write;
}

const always: Column[] = ["product", "quantity", "unit"];
const withPrices: Column[] = [...always, "price", "discount", "tax", "tax_included"];
const isNumber = (column: Column) => column === "quantity" || column === "price" || column === "discount";

export function RowHead({ priced }: { priced: boolean }) {
  const { t } = useTranslation("sales");
  return (
    <SaleHead>
      {(priced ? withPrices : always).map((column) => (
        <span key={column} data-numeric={isNumber(column)}>
          {t(column)}
        </span>
      ))}
      {priced && <span data-numeric>{t("total")}</span>}
      <span />
    </SaleHead>
  );
}

export function RowLine(props: Props) {
  const { row, place, priced, figures, currency, wrong, write } = props;
  const { t } = useTranslation("sales");
  const columns = priced ? withPrices : always;
  const labelOf = (part: string) => ((columns as string[]).includes(part) ? t(part as Column) : undefined);
  const problems = [...(wrong ?? [])].map(([part, reason]) => {
    const label = labelOf(part);
    return label ? `${label}: ${reason}` : reason;
  });
  return (
    <SaleLine
      place={place}
      label={t("row", { number: place + 1, title: row.title || t("unnamed") })}
      problems={problems}
      onKeyDown={write && ((event) => keys(event, props, write))}
    >
      {columns.map((column) => (
        <SaleCell key={column} column={column} label={t(column)} numeric={isNumber(column)}>
          {write ? (
            <Control {...props} column={column} write={write} />
          ) : (
            <Shown row={row} column={column} currency={currency} />
          )}
        </SaleCell>
      ))}
      {priced && (
        <SaleCell column="total" label={t("total")} numeric>
          <span data-testid="row-total">
            {figures ? digitsOf(figures.gross - figures.discount, currency) : "—"}
          </span>
        </SaleCell>
      )}
      {write ? <Tools {...props} write={write} /> : <span />}
    </SaleLine>
  );
}

function keys(event: KeyboardEvent<HTMLElement>, { place, count }: Props, write: Write) {
  const column = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]")?.dataset.cell as
    | Column
    | undefined;
  // A list that is open is what Escape closes, not the card.
  const expanded = (event.target as HTMLElement).getAttribute("aria-expanded") === "true";
  if (event.key === "Escape" && expanded) event.stopPropagation();
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const by = event.key === "ArrowUp" ? -1 : 1;
    if (place + by >= 0 && place + by < count) write.move(by, column);
    return;
  }
  if (event.key !== "Enter" || event.defaultPrevented || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) write.save();
  else if (column) write.down(column);
}

interface ControlProps extends Props {
  column: Column;
  write: Write;
}

function Control({ row, column, wrong, currency, write }: ControlProps) {
  const { t } = useTranslation("sales");
  const error = wrong?.has(column);
  const typed = (part: "quantity" | "price" | "discount", placeholder?: string) => (
    <NumberEditor
      name={t(part)}
      value={row[part]}
      decimals={4}
      least={part === "price" ? decimalsOf(currency) : undefined}
      error={error}
      placeholder={placeholder}
      onChange={(value: Value) => write.change({ [part]: value })}
    />
  );
  switch (column) {
    case "product":
      return <ProductPicker row={row} error={error} onChange={write.change} />;
    case "unit":
      return (
        <TextInput
          aria-label={t("unit")}
          value={row.unit ?? ""}
          error={error}
          onChange={(event) => write.change({ unit: event.currentTarget.value })}
        />
      );
    case "price":
      return typed("price", t("no_price"));
    case "discount":
      return (
        <Pair>
          {typed("discount")}
          <NativeSelect
            aria-label={t("discount_kind")}
            size="sm"
            data={[
              { value: "percent", label: "%" },
              { value: "amount", label: currency },
            ]}
            value={row.by}
            onChange={(event) => write.change({ by: event.currentTarget.value as DraftRow["by"] })}
          />
        </Pair>
      );
    case "tax":
      return <TaxPicker row={row} error={error} onChange={write.change} />;
    case "tax_included":
      return (
        <Checkbox
          size="sm"
          aria-label={t("tax_included")}
          disabled={!row.tax && typeof row.tax_rate !== "number"}
          checked={row.tax_included === true}
          onChange={(event) => write.change({ tax_included: event.currentTarget.checked })}
        />
      );
    default:
      return typed("quantity");
  }
}

/** The same as text. */
function Shown({ row, column, currency }: { row: DraftRow; column: Column; currency: string }): ReactNode {
  const { t } = useTranslation("sales");
  const number = (value: Value) => (typeof value === "number" ? formatNumber(value, 4) : "—");
  switch (column) {
    case "product":
      return row.title || "—";
    case "unit":
      return row.unit || "—";
    case "price":
      return typeof row.price === "number" ? priceOf(row.price, currency) : "—";
    case "discount":
      if (typeof row.discount !== "number") return "—";
      return row.by === "percent" ? `${number(row.discount)}\u00a0%` : exactly(row.discount, currency);
    case "tax":
      return typeof row.tax_rate === "number" ? `${number(row.tax_rate)}\u00a0%` : t("no_tax");
    case "tax_included":
      return row.tax_included && typeof row.tax_rate === "number" ? t("included_short") : "—";
    default:
      return number(row[column]);
  }
}

function Tools({ place, count, write }: Props & { write: Write }) {
  const { t } = useTranslation("sales");
  return (
    <SaleCell column="tools">
      <ActionIcon size={24} aria-label={t("up")} disabled={place === 0} onClick={() => write.move(-1)}>
        <IconArrowUp size={14} />
      </ActionIcon>
      <ActionIcon
        size={24}
        aria-label={t("down")}
        disabled={place + 1 === count}
        onClick={() => write.move(1)}
      >
        <IconArrowDown size={14} />
      </ActionIcon>
      <ActionIcon size={24} aria-label={t("remove")} onClick={write.remove}>
        <IconTrash size={14} />
      </ActionIcon>
    </SaleCell>
  );
}
