/** The head of the funnel, the forecast and managers: what it is called once it is kept, and what can be done with it. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ReportKind } from "@/api/reports-wire";
import { savedReportQuery } from "@/api/saved-reports";
import type { Id } from "@/api/types";
import { Tag } from "@/ui/block";
import { PageHeader } from "@/ui/page";
import { ReportActions } from "./actions";
import { sameQuestion } from "./sales-search";

interface Props {
  icon: ReactNode;
  title: string;
  kind: ReportKind;
  /** Absent where nothing can be asked. */
  question?: object;
  /** The order of its rows. */
  sort?: string;
  /** The kept report that it was opened as. */
  saved?: Id;
  /** What it is called until somebody says. */
  suggested?: string;
}

export function SalesHead({ icon, title, kind, question, sort, saved, suggested }: Props) {
  const { t } = useTranslation("reports");
  const report = useQuery({ ...savedReportQuery(saved ?? ""), enabled: saved !== undefined }).data;
  const content = { kind, config: { ...question }, chart: sort ? { sort } : null };
  const changed =
    !report || !sameQuestion([report.config, report.chart?.sort], [content.config, content.chart?.sort]);
  return (
    <PageHeader
      icon={icon}
      title={report?.name ?? title}
      actions={
        question && (
          <>
            {report && changed && <Tag tone="warn">{t("unsaved")}</Tag>}
            <ReportActions
              content={content}
              sentence={report?.name ?? suggested ?? title}
              report={report}
              changed={changed}
            />
          </>
        )
      }
    />
  );
}
