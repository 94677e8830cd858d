/** `/reports`: what is ready to look at, what people have kept, dashboards, and the way to new ones. */
import { Button } from "@mantine/core";
import {
  IconChartBar,
  IconChartLine,
  IconFilter,
  IconLayoutDashboard,
  IconPlus,
  IconTarget,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { dashboardsQuery } from "@/api/dashboards";
import { measuresQuery } from "@/api/reports";
import type { ReportKind, SavedReport, Sharing } from "@/api/reports-wire";
import { savedReportsQuery } from "@/api/saved-reports";
import type { Measure } from "@/api/types";
import { chartKind } from "@/engines/reports/question";
import { readyReports } from "@/engines/reports/ready";
import { Block, BlockBones, Hint, ItemBody, ItemList, itemClass, Lead, Tag } from "@/ui/block";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ReportCardBody, ReportCards, reportCardClass } from "@/ui/report-cards";
import { EmptyState, ErrorState } from "@/ui/states";
import { chartIcon } from "./chart-icon";

const DashboardForm = lazy(() => import("./dashboard-form"));

export default function ReportsPage() {
  const { t } = useTranslation(["reports", "common"]);
  const query = useQuery(measuresQuery);
  const none = query.data?.items.length === 0;
  return (
    <>
      <PageHeader
        icon={<IconChartBar size={18} />}
        title={t("reports:title")}
        actions={
          <Button
            renderRoot={(props) => <Link to="/reports/new" search={{}} {...props} />}
            aria-label={t("reports:new")}
          >
            <IconText icon={<IconPlus size={16} />}>{t("reports:new")}</IconText>
          </Button>
        }
      />
      <PageBody>
        <Lead>{t("reports:lead")}</Lead>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {none && <EmptyState title={t("reports:none_title")}>{t("reports:none_text")}</EmptyState>}
        {query.data && !none && (
          <>
            <Saved />
            <Dashboards />
            <Ready measures={query.data.items} />
          </>
        )}
      </PageBody>
    </>
  );
}

function useSharedWords(): (shared: Sharing) => string | undefined {
  const { t } = useTranslation("reports");
  return ({ all, roles }) =>
    all ? t("shared_all") : roles.length > 0 ? t("shared_roles", { count: roles.length }) : undefined;
}

/** Of those that have pages of their own. */
const kindIcons: Partial<Record<ReportKind, ReactNode>> = {
  funnel: <IconFilter size={18} />,
  forecast: <IconChartLine size={18} />,
  managers: <IconUsers size={18} />,
};

function Saved() {
  const { t } = useTranslation(["reports", "common"]);
  const query = useQuery(savedReportsQuery);
  const words = useSharedWords();
  const note = (report: SavedReport) =>
    [report.description, report.mine ? undefined : t("reports:of_owner", { name: report.owner.name })]
      .filter(Boolean)
      .join(" · ");
  const reports = query.data ?? [];
  return (
    <Block title={t("reports:saved")} note={t("reports:saved_note")}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && reports.length === 0 && <Hint>{t("reports:saved_none")}</Hint>}
      {reports.length > 0 && (
        <ItemList>
          {reports.map((report) => {
            const seen = words(report.shared);
            return (
              <Link
                key={report.id}
                to="/reports/saved/$id"
                params={{ id: report.id }}
                search={{}}
                className={itemClass}
              >
                <ItemBody
                  icon={kindIcons[report.kind] ?? chartIcon(chartKind(report.chart?.kind))}
                  title={report.name}
                  tags={seen && <Tag>{seen}</Tag>}
                  note={note(report)}
                />
              </Link>
            );
          })}
        </ItemList>
      )}
    </Block>
  );
}

function Dashboards() {
  const { t } = useTranslation(["reports", "common"]);
  const navigate = useNavigate();
  const query = useQuery(dashboardsQuery);
  const words = useSharedWords();
  const [making, setMaking] = useState(false);
  const own = query.data?.filter(({ kind }) => kind === "own") ?? [];
  const make = (
    <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      {t("reports:new_dashboard")}
    </Button>
  );
  return (
    <Block title={t("reports:dashboards")} note={t("reports:dashboards_note")} actions={make}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={1} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && own.length === 0 && <Hint>{t("reports:dashboards_none")}</Hint>}
      {own.length > 0 && (
        <ItemList>
          {own.map(({ id, name, description, shared }) => {
            const seen = words(shared);
            return (
              <Link key={id} to="/dashboards/$id" params={{ id: id ?? "" }} search={{}} className={itemClass}>
                <ItemBody
                  icon={<IconLayoutDashboard size={18} />}
                  title={name}
                  tags={seen && <Tag>{seen}</Tag>}
                  note={description}
                />
              </Link>
            );
          })}
        </ItemList>
      )}
      <Suspense>
        {making && (
          <DashboardForm
            onClose={() => setMaking(false)}
            onSaved={({ id }) =>
              void navigate({ to: "/dashboards/$id", params: { id: id ?? "" }, search: { edit: true } })
            }
          />
        )}
      </Suspense>
    </Block>
  );
}

const pages = [
  { to: "/reports/funnel", key: "funnel", icon: <IconFilter size={18} /> },
  { to: "/reports/forecast", key: "forecast", icon: <IconChartLine size={18} /> },
  { to: "/reports/managers", key: "managers", icon: <IconUsers size={18} /> },
  { to: "/reports/plans", key: "plans", icon: <IconTarget size={18} /> },
] as const;

function Ready({ measures }: { measures: Measure[] }) {
  const { t } = useTranslation("reports");
  return (
    <Block title={t("ready")} note={t("ready_note")}>
      <ReportCards>
        {pages.map(({ to, key, icon }) => (
          <li key={key}>
            <Link to={to} search={{}} className={reportCardClass}>
              <ReportCardBody icon={icon} title={t(key)} note={t(`${key}_text`)} />
            </Link>
          </li>
        ))}
        {readyReports(measures).map(({ key, question }) => (
          <li key={key}>
            <Link to="/reports/new" search={question} className={reportCardClass}>
              <ReportCardBody
                icon={chartIcon(question.chart)}
                title={t(`ready_${key}`)}
                note={t(`ready_${key}_text`)}
              />
            </Link>
          </li>
        ))}
      </ReportCards>
    </Block>
  );
}
