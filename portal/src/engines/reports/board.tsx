/** A dashboard: its cards with their figures. */
import { ActionIcon, Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DashboardAsked, figuresQuery } from "@/api/dashboards";
import { messageOf } from "@/api/problem";
import type { CardAnswer, Dashboard, HomeRole } from "@/api/reports-wire";
import type { Id } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { ReportBody, ReportFacts } from "@/ui/report";
import { CardFrame, CardGrid } from "@/ui/report-cards";
import { ErrorState } from "@/ui/states";
import type { Act } from "./acts";
import { CardBody } from "./card";
import { useCardTitle } from "./card-title";
import { inOrder } from "./layout";
import { useLast } from "./use-last";

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
  const { t } = useTranslation(["reports", "common"]);
  const titleOf = useCardTitle();
  const [fresh, setFresh] = useState(false);
  const query = useQuery(figuresQuery(of, fresh ? { ...asked, fresh } : asked, dashboard.version));
  const again = () => (fresh ? void query.refetch() : setFresh(true));
  // What was counted last stays in sight when the same cannot be counted anew.
  const question = JSON.stringify([asked, dashboard.version]);
  const last = useLast({ question, data: query.data }, query.isSuccess && !query.isPlaceholderData);
  const shown = last.question === question ? last.data : undefined;
  const retry = () => void query.refetch();
  if (query.isError && !shown) return <ErrorState error={query.error} retry={retry} />;
  const answers: Record<string, CardAnswer | undefined> = (query.data ?? shown)?.cards ?? {};
  return (
    <ReportBody stale={query.isPlaceholderData}>
      {query.isError && shown && (
        <Notice
          tone="warn"
          title={t("reports:not_counted", { time: formatDateTime(shown.as_of) })}
          action={
            <Button variant="default" size="compact-sm" loading={query.isFetching} onClick={retry}>
              {t("common:retry")}
            </Button>
          }
        >
          {messageOf(query.error, t("common:network"))}
        </Notice>
      )}
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
          <span>{t("reports:as_of", { time: formatDateTime(query.data.as_of) })}</span>
          <ActionIcon
            size={20}
            aria-label={t("reports:count_again")}
            loading={query.isFetching}
            onClick={again}
          >
            <IconRefresh size={14} />
          </ActionIcon>
        </ReportFacts>
      )}
    </ReportBody>
  );
}
