/** Which rows go into the next document, and how much of each. */
import { Button, Checkbox } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { creditInvoice, deriveDocument, type SaleRow } from "@/api/documents";
import { ApiError } from "@/api/problem";
import { useMe } from "@/api/session";
import type { SaleCard } from "@/engines/card-parts";
import { NumberEditor } from "@/engines/fields/number-editor";
import { formatMoney, formatNumber } from "@/i18n/format";
import { SideBySide } from "@/ui/field";
import { FormNote, FormWide } from "@/ui/form";
import { FormDrawer } from "@/ui/form-drawer";
import { complete, leftOf, type Pick, picksOf, rowsOf, type Target, takenOf } from "./acts";
import { useKeyOf } from "./use-key-of";
import { useOpenMade } from "./use-opened";

export function RowsDialog({
  entity,
  record,
  to,
  onClose,
}: SaleCard & { to: Target | "credit"; onClose(): void }) {
  const { t } = useTranslation("documents");
  const open = useOpenMade();
  const rows = rowsOf(record.fields);
  const counted = entity.key === "order" && to === "invoice";
  const [picks, setPicks] = useState(() => picksOf(rows, counted));
  const keyOf = useKeyOf();
  const run = useMutation({
    mutationFn: (confirm: boolean) => {
      const taken = takenOf(rows, picks, counted);
      const key = keyOf(JSON.stringify([taken, confirm]));
      if (to === "credit") return creditInvoice(record.id, taken, key);
      return deriveDocument(entity.key, record.id, { to, rows: taken, confirm }, key);
    },
    onSuccess: (made) => {
      onClose();
      open(made);
    },
  });
  const over = run.error instanceof ApiError && run.error.code === "order.over_invoiced";
  const ready = rows.length === 0 ? !counted : complete(picks);
  // An order or an invoice is often wanted of what the client accepted in a quote.
  const empty = entity.key === "deal" && to !== "quote" ? "no_rows_deal" : "no_rows";
  const set = (index: number, pick: Partial<Pick>) =>
    setPicks((old) => old.map((one, at) => (at === index ? { ...one, ...pick } : one)));
  return (
    <FormDrawer
      title={t(to === "credit" ? "do_credit" : `make_${to}`)}
      submit={t("make_now")}
      pending={run.isPending}
      error={run.error}
      fields={[]}
      values={picks}
      extra={
        over && (
          <Button variant="default" loading={run.isPending} onClick={() => run.mutate(true)}>
            {t("make_anyway")}
          </Button>
        )
      }
      onClose={onClose}
      onSubmit={() => ready && run.mutate(false)}
    >
      <FormNote>{t(rows.length === 0 ? empty : to === "credit" ? "credit_rows" : "which_rows")}</FormNote>
      {rows.map((row, index) => (
        <RowChoice
          key={row.id ?? index}
          row={row}
          counted={counted}
          currency={record.fields.currency}
          pick={picks[index] ?? { taken: false, quantity: null }}
          onChange={(pick) => set(index, pick)}
        />
      ))}
      {!ready && <FormNote urgent>{t("nothing_taken")}</FormNote>}
    </FormDrawer>
  );
}

interface ChoiceProps {
  row: SaleRow;
  counted: boolean;
  currency: unknown;
  pick: Pick;
  onChange(pick: Partial<Pick>): void;
}

function RowChoice({ row, counted, currency, pick, onChange }: ChoiceProps) {
  const { t } = useTranslation("documents");
  const me = useMe();
  const title = row.title ?? t("row_untitled");
  const code = typeof currency === "string" && currency ? currency : me.tenant.currency;
  const facts = [
    counted ? t("left_of_row", { left: formatNumber(leftOf(row, true), 4), unit: row.unit ?? "" }) : row.unit,
    typeof row.price === "number" ? formatMoney(row.price, code) : undefined,
  ];
  return (
    <SideBySide>
      <FormWide>
        <Checkbox
          label={title}
          description={facts.filter(Boolean).join(" · ")}
          checked={pick.taken}
          onChange={(event) => onChange({ taken: event.currentTarget.checked })}
        />
      </FormWide>
      <NumberEditor
        name={t("quantity_of", { title })}
        value={pick.quantity}
        decimals={4}
        onChange={(value) => {
          const quantity = typeof value === "number" ? value : null;
          onChange({ quantity, taken: Boolean(quantity) });
        }}
      />
    </SideBySide>
  );
}
