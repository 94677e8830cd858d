/** What rows come to: without tax, each tax, the discount on the whole, rounding, and what is to be paid. */
import { NativeSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Totals } from "@/api/sales";
import type { RecordData, Value } from "@/api/types";
import { NumberEditor } from "@/engines/fields/number-editor";
import { formatNumber } from "@/i18n/format";
import { Pair, SaleNote, SaleSum, SaleSumList } from "@/ui/sale-rows";
import type { Draft } from "./model";
import { exactly } from "./money";
import type { Rows } from "./use-rows";

export function SaleSums({ rows, record, editable }: { rows: Rows; record: RecordData; editable: boolean }) {
  const { t } = useTranslation("sales");
  const totals = rows.answer?.totals;
  const { amount, amount_by_hand } = record.fields;
  return (
    <>
      <SaleSumList stale={totals === undefined}>
        {editable && (
          <SaleSum label={t("whole")}>
            <WholeDiscount rows={rows} />
          </SaleSum>
        )}
        {totals && <Figures totals={totals} rows={rows} />}
      </SaleSumList>
      {totals !== undefined && totals.unpriced > 0 && (
        <SaleNote quiet>{t("unpriced", { count: totals.unpriced })}</SaleNote>
      )}
      {amount_by_hand === true && typeof amount === "number" && (
        <SaleNote quiet>{t("by_hand", { amount: exactly(amount, rows.currency) })}</SaleNote>
      )}
    </>
  );
}

function WholeDiscount({ rows }: { rows: Rows }) {
  const { t } = useTranslation("sales");
  const { draft, change } = rows;
  const put = (more: Partial<Draft>) => change((old) => ({ ...old, ...more }));
  return (
    <Pair>
      <NumberEditor
        name={t("whole")}
        value={draft.discount}
        decimals={4}
        onChange={(discount: Value) => put({ discount })}
      />
      <NativeSelect
        aria-label={t("discount_kind")}
        size="sm"
        data={[
          { value: "percent", label: "%" },
          { value: "amount", label: rows.currency },
        ]}
        value={draft.by}
        onChange={(event) => put({ by: event.currentTarget.value as Draft["by"] })}
      />
    </Pair>
  );
}

function Figures({ totals, rows }: { totals: Totals; rows: Rows }) {
  const { t } = useTranslation("sales");
  const sum = (value: number) => exactly(value, totals.currency);
  const shares = (rows.answer?.rows ?? []).reduce((all, row) => all + (row.figures?.share ?? 0), 0);
  return (
    <>
      {shares !== 0 && <SaleSum label={t("whole_off")}>{sum(-shares)}</SaleSum>}
      <SaleSum label={t("net")} testId="sale-net">
        {sum(totals.net)}
      </SaleSum>
      {totals.by_tax.map(({ tax, rate, included, net, amount }) => {
        const words = { rate: formatNumber(rate ?? 0, 4), net: sum(net) };
        const known = rate !== null && rate !== undefined;
        if (!known && totals.by_tax.length === 1) return null;
        return (
          <SaleSum
            key={`${tax} ${rate} ${included}`}
            testId="sale-tax"
            label={known ? t(included ? "tax_in" : "tax_of", words) : t("untaxed", words)}
          >
            {sum(amount)}
          </SaleSum>
        );
      })}
      {totals.rounding !== 0 && <SaleSum label={t("rounding")}>{sum(totals.rounding)}</SaleSum>}
      <SaleSum label={t("to_pay")} testId="sale-total" strong>
        {sum(totals.total)}
      </SaleSum>
    </>
  );
}
