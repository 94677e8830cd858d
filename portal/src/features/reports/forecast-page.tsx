/** `/reports/forecast`: what is expected in the coming months, and how likely each stage is. */
import { IconChartLine } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastAnswer } from "@/api/reports-wire";
import { forecastQuery, setProbabilities } from "@/api/sales-reports";
import { useEntity, useMe } from "@/api/session";
import { NumberEditor } from "@/engines/fields/number-editor";
import { figureText } from "@/engines/reports/figures";
import { ForecastView } from "@/engines/reports/forecast-view";
import { rangeOf } from "@/engines/reports/period";
import { formatDateTime } from "@/i18n/format";
import { Block } from "@/ui/block";
import { BlockSkeleton } from "@/ui/block-frame";
import { PageBody, PageHeader } from "@/ui/page";
import { FigureNote, FigureTable, ReportBody, ReportFacts } from "@/ui/report";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { SalesBar } from "./sales-bar";

const route = getRouteApi("/shell/reports/forecast");

export default function ForecastPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const deal = useEntity("deal");
  const query = useQuery({
    ...forecastQuery({ period: rangeOf(search.period), filter: search.filter ?? null }),
    enabled: deal !== undefined,
  });
  return (
    <>
      <PageHeader icon={<IconChartLine size={18} />} title={t("forecast")} />
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
            <Probabilities answer={query.data} />
          </>
        )}
      </PageBody>
    </>
  );
}

/** How likely a deal of each stage is won; administrators may say so. */
function Probabilities({ answer }: { answer: ForecastAnswer }) {
  const { t } = useTranslation("reports");
  const { admin } = useMe();
  if (answer.probabilities.length === 0) return null;
  return (
    <Block title={t("probabilities")} note={t("probabilities_note")}>
      <FigureTable
        label={t("probabilities")}
        lead={1}
        heads={[
          { key: "stage", label: t("funnel_step") },
          { key: "probability", label: t("probability"), numeric: true },
          { key: "history", label: t("by_history"), numeric: true },
        ]}
        rows={answer.probabilities.map((one) => ({
          key: one.stage,
          labels: [one.label],
          cells: [
            admin ? (
              <Probability key={`${one.stage} ${one.probability} ${one.by}`} of={one} />
            ) : (
              <span key="still">{figureText(one.probability, "percent", "")}</span>
            ),
            <span key="history">
              {one.history === null ? "—" : figureText(one.history, "percent", "")}
              <FigureNote>{t("of_decided", { count: one.decided })}</FigureNote>
            </span>,
          ],
        }))}
      />
    </Block>
  );
}

function Probability({ of }: { of: ForecastAnswer["probabilities"][number] }) {
  const { t } = useTranslation(["reports", "common"]);
  const [value, setValue] = useState<unknown>(of.by === "set" ? of.probability : null);
  const wrong =
    typeof value === "number" && (value < 0 || value > 100) ? t("reports:percent_wrong") : undefined;
  const save = useMutation({
    mutationFn: (probability: number | null) => setProbabilities([{ stage: of.stage, probability }]),
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const settle = () => {
    const next = value === null || value === "" ? null : typeof value === "number" ? value : undefined;
    if (next === undefined || wrong || next === (of.by === "set" ? of.probability : null)) return;
    save.mutate(next);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is typed inside is sent when it is left
    <div
      style={{ width: 160, marginLeft: "auto" }}
      onBlur={settle}
      onKeyDown={({ key }) => key === "Enter" && settle()}
    >
      <NumberEditor
        name={`${of.label}: ${t("reports:probability")}`}
        decimals={1}
        value={value}
        placeholder={`${figureText(of.probability, "percent", "")}, ${t("reports:by_place")}`}
        error={wrong}
        onChange={setValue}
      />
    </div>
  );
}
