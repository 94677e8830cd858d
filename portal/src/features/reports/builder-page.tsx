/** `/reports/new`: a report as its address says it; what is set at the left is answered at the right. */
import { Button } from "@mantine/core";
import { IconChartBar, IconPrinter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import { useEntities } from "@/api/session";
import type { Entity, Measure } from "@/api/types";
import { entityOf, isComplete, type Question, tidy } from "@/engines/reports/question";
import { ReportResult } from "@/engines/reports/result";
import { useSentence } from "@/engines/reports/sentence";
import type { ReportSearch } from "@/state/search";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ReportPage, ReportWords } from "@/ui/report";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { Setup } from "./setup";

const route = getRouteApi("/shell/reports/new");

const questionOfSearch = (search: ReportSearch): Question => ({
  ...search,
  measures: search.measures ?? [],
  rows: search.rows ?? [],
  chart: search.chart ?? "table",
});

export default function BuilderPage() {
  const { t } = useTranslation(["reports", "common"]);
  const navigate = useNavigate();
  const question = questionOfSearch(route.useSearch());
  const query = useQuery(measuresQuery);
  const put = (next: Question) => void navigate({ to: "/reports/new", search: next, resetScroll: false });
  return (
    <>
      <PageHeader
        icon={<IconChartBar size={18} />}
        title={t("reports:new_title")}
        actions={
          isComplete(question) && (
            <Button variant="default" aria-label={t("reports:print")} onClick={() => window.print()}>
              <IconText icon={<IconPrinter size={16} />}>{t("reports:print")}</IconText>
            </Button>
          )
        }
      />
      <PageBody wide>
        {query.isPending && <ListSkeleton rows={6} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.data && (
          <Builder question={question} measures={query.data.items} named={query.data.axes} onChange={put} />
        )}
      </PageBody>
    </>
  );
}

interface Props {
  question: Question;
  measures: Measure[];
  named: { key: string; entity: string; label: string; field: string }[];
  onChange(question: Question): void;
}

function Builder({ question, measures, named, onChange }: Props) {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const entity = entities.find(({ key }) => key === entityOf(question, measures));
  const complete = isComplete(question) && entity !== undefined;
  return (
    <ReportPage
      setup={
        <Setup
          question={question}
          entity={entity}
          measures={measures}
          named={named}
          open={!complete}
          onChange={onChange}
        />
      }
    >
      {complete ? (
        <Answered question={question} entity={entity} measures={measures} onChange={onChange} />
      ) : (
        <EmptyState title={t("begin_title")}>{t("begin_text")}</EmptyState>
      )}
    </ReportPage>
  );
}

interface AnsweredProps {
  question: Question;
  entity: Entity;
  measures: Measure[];
  onChange(question: Question): void;
}

function Answered({ question, entity, measures, onChange }: AnsweredProps) {
  const sentence = useSentence(question, entity, measures);
  return (
    <>
      <ReportWords sentence={sentence} />
      <ReportResult
        question={question}
        entity={entity}
        title={sentence}
        onSort={(sort) => onChange(tidy({ ...question, sort }))}
      />
    </>
  );
}
