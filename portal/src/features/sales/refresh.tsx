/** Prices and rates of today beside those that rows have, before they are taken. */
import { Button, Modal, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { formatNumber } from "@/i18n/format";
import { FormActions } from "@/ui/form";
import { ChangeLine, SaleNote } from "@/ui/sale-rows";
import { useFocusBack } from "@/ui/use-focus-back";
import { draftRow } from "./model";
import { exactly } from "./money";
import type { Rows } from "./use-rows";

export function RefreshDialog({ rows, onClose }: { rows: Rows; onClose(): void }) {
  const { t } = useTranslation(["sales", "common"]);
  useFocusBack();
  const { data, error, isFetching } = useQuery({
    queryKey: ["sale", "refreshed", rows.draft.rows],
    queryFn: rows.refreshed,
    staleTime: 0,
    gcTime: 0,
  });
  const take = () => {
    rows.change((old) => ({
      ...old,
      rows: old.rows.map((row, place) => {
        const now = data?.rows[place];
        return now ? draftRow(now, row.key) : row;
      }),
    }));
    onClose();
  };
  const price = (value: number | null | undefined) =>
    typeof value === "number" ? exactly(value, rows.currency) : t("sales:nothing");
  const rate = (value: number | null | undefined) =>
    typeof value === "number" ? `${formatNumber(value, 4)}\u00a0%` : t("sales:nothing");
  const changes = data?.changes ?? [];
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("sales:refresh_title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        {error && <SaleNote wrong>{messageOf(error, t("common:network"))}</SaleNote>}
        {!data && isFetching && <SaleNote quiet>{t("common:loading")}</SaleNote>}
        {data && changes.length === 0 && <SaleNote quiet>{t("sales:refresh_none")}</SaleNote>}
        {changes.map((change) => (
          <ChangeLine key={change.row} title={data?.rows[change.row]?.title ?? ""}>
            {change.price[0] !== change.price[1] && (
              <span>
                {t("sales:price_now", { before: price(change.price[0]), after: price(change.price[1]) })}
              </span>
            )}
            {change.tax_rate[0] !== change.tax_rate[1] && (
              <span>
                {t("sales:rate_now", { before: rate(change.tax_rate[0]), after: rate(change.tax_rate[1]) })}
              </span>
            )}
          </ChangeLine>
        ))}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {t("common:close")}
          </Button>
          {changes.length > 0 && <Button onClick={take}>{t("sales:refresh_apply")}</Button>}
        </FormActions>
      </Stack>
    </Modal>
  );
}
