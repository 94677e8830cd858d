/** What a card is called. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import type { DashboardCard } from "@/api/reports-wire";
import { savedReportsQuery } from "@/api/saved-reports";

/** What a card is called where nobody has named it. */
export function useCardTitle(): (card: DashboardCard) => string {
  const { t } = useTranslation("reports");
  const saved = useQuery(savedReportsQuery).data ?? [];
  const measures = useQuery(measuresQuery).data?.items ?? [];
  return ({ title, card }) => {
    if (title) return title;
    if (card.kind === "report") return saved.find(({ id }) => id === card.saved)?.name ?? t("card_report");
    if (card.kind !== "question") return t(`card_${card.kind}`);
    const names = card.question.measures.map((key) => measures.find((one) => one.key === key)?.label ?? key);
    return names.join(", ") || t("card_question");
  };
}
