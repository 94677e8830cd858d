/** `/reports`: what is ready to look at, what people have kept, and the way to a new one. */
import { Button } from "@mantine/core";
import { IconChartBar, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import { Block, BlockBones, Lead } from "@/ui/block";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ReportCardBody, ReportCards, reportCardClass } from "@/ui/report";
import { EmptyState, ErrorState } from "@/ui/states";
import { readyReports } from "./ready";
import { chartIcon } from "./setup";

export default function ReportsPage() {
  const { t } = useTranslation(["reports", "common"]);
  const query = useQuery(measuresQuery);
  const make = (
    <Button
      renderRoot={(props) => <Link to="/reports/new" search={{}} {...props} />}
      aria-label={t("reports:new")}
    >
      <IconText icon={<IconPlus size={16} />}>{t("reports:new")}</IconText>
    </Button>
  );
  return (
    <>
      <PageHeader icon={<IconChartBar size={18} />} title={t("reports:title")} actions={make} />
      <PageBody>
        <Lead>{t("reports:lead")}</Lead>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.data && query.data.items.length === 0 && (
          <EmptyState title={t("reports:none_title")}>{t("reports:none_text")}</EmptyState>
        )}
        {query.data && query.data.items.length > 0 && (
          <Block title={t("reports:ready")} note={t("reports:ready_note")}>
            <ReportCards>
              {readyReports(query.data.items).map(({ key, question }) => (
                <li key={key}>
                  <Link to="/reports/new" search={question} className={reportCardClass}>
                    <ReportCardBody
                      icon={chartIcon(question.chart)}
                      title={t(`reports:ready_${key}`)}
                      note={t(`reports:ready_${key}_text`)}
                    />
                  </Link>
                </li>
              ))}
            </ReportCards>
          </Block>
        )}
      </PageBody>
    </>
  );
}
