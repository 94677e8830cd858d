/** A dashboard: its cards with their figures. */
import { ActionIcon } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DashboardAsked, figuresQuery } from "@/api/dashboards";
import type { CardAnswer, Dashboard, HomeRole } from "@/api/reports-wire";
import type { Id } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { ReportFacts } from "@/ui/report";
import { CardFrame, CardGrid } from "@/ui/report-cards";
import { ErrorState } from "@/ui/states";
import type { Act } from "./acts";
import { CardBody } from "./card";
import { useCardTitle } from "./card-title";
import { inOrder } from "./layout";

interface BoardProps {
  dashboard: Dashboard;
  of: { id: Id } | { role?: HomeRole };
  asked: DashboardAsked;
  /** What stands on a card of tasks. */
  tasks?: ReactNode;
  /** Does what fills an empty card. */
  onAct(act: Act): void;
}

export function DashboardBoard({ dashboard, of, asked, tasks, onAct }: BoardProps) {
  const { t } = useTranslation("reports");
  const titleOf = useCardTitle();
  const [fresh, setFresh] = useState(false);
  const query = useQuery(figuresQuery(of, fresh ? { ...asked, fresh } : asked, dashboard.version));
  const again = () => (fresh ? void query.refetch() : setFresh(true));
  if (query.isError && !query.data)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  const answers: Record<string, CardAnswer | undefined> = query.data?.cards ?? {};
  return (
    <>
      <CardGrid>
        {inOrder(dashboard.cards).map((card) => {
          const title = titleOf(card);
          return (
            <CardFrame key={card.id} title={title} place={card}>
              <CardBody card={card} title={title} answer={answers[card.id]} tasks={tasks} onAct={onAct} />
            </CardFrame>
          );
        })}
      </CardGrid>
      {query.data && (
        <ReportFacts>
          <span>{t("as_of", { time: formatDateTime(query.data.as_of) })}</span>
          <ActionIcon size={20} aria-label={t("count_again")} loading={query.isFetching} onClick={again}>
            <IconRefresh size={14} />
          </ActionIcon>
        </ReportFacts>
      )}
    </>
  );
}
