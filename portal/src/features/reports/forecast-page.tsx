/** `/reports/forecast`: what is expected in the coming months, and how likely each stage is. */
import { IconChartLine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { forecastQuery } from "@/api/sales-reports";
import { useEntity } from "@/api/session";
import { ForecastView } from "@/engines/reports/forecast-view";
import { formatDateTime } from "@/i18n/format";
import { BlockSkeleton } from "@/ui/block-frame";
import { PageBody } from "@/ui/page";
import { ReportBody, ReportFacts } from "@/ui/report";
import { EmptyState, ErrorState } from "@/ui/states";
import { SalesBar } from "./sales-bar";
import { SalesHead } from "./sales-head";
import { forecastQuestion } from "./sales-search";

const Probabilities = lazy(() => import("./probabilities"));

const route = getRouteApi("/shell/reports/forecast");

export default function ForecastPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const deal = useEntity("deal");
  const question = forecastQuestion(search);
  const query = useQuery({ ...forecastQuery(question), enabled: deal !== undefined });
  return (
    <>
      <SalesHead
        icon={<IconChartLine size={18} />}
        title={t("forecast")}
        kind="forecast"
        question={deal && question}
        saved={search.saved}
      />
      <PageBody>
        {!deal && <EmptyState title={t("none_title")}>{t("none_text")}</EmptyState>}
        {deal && (
          <SalesBar
            entity={deal}
            filter={search.filter}
            onFilter={(filter) =>
              void navigate({ to: "/reports/forecast", search: { ...search, filter }, resetScroll: false })
            }
          />
        )}
        {deal && query.isPending && <BlockSkeleton height={320} label={t("counting")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.data && (
          <>
            <ReportBody stale={query.isPlaceholderData}>
              <ForecastView answer={query.data} />
              <ReportFacts>
                <span>{t("as_of", { time: formatDateTime(query.data.as_of) })}</span>
                <span>{t("in_currency", { currency: query.data.currency })}</span>
              </ReportFacts>
            </ReportBody>
            <Suspense>
              <Probabilities answer={query.data} />
            </Suspense>
          </>
        )}
      </PageBody>
    </>
  );
}
