/** `/reports/new`: a report as its address says it. */
import { IconChartBar } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import type { Entity, Measure } from "@/api/types";
import { useCounted } from "@/engines/reports/process-entity";
import { entityOf, isComplete, type Question } from "@/engines/reports/question";
import { useSentence } from "@/engines/reports/sentence";
import { PageBody, PageHeader } from "@/ui/page";
import { ErrorState, ListSkeleton } from "@/ui/states";
import { ReportActions } from "./actions";
import { Report } from "./report";
import { contentOf, ofSearch } from "./search";

const route = getRouteApi("/shell/reports/new");

export default function BuilderPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const question = ofSearch(route.useSearch());
  const query = useQuery(measuresQuery);
  const measures = query.data?.items ?? [];
  const entity = useCounted(entityOf(question, measures), question.measures);
  return (
    <>
      <PageHeader
        icon={<IconChartBar size={18} />}
        title={t("new_title")}
        actions={
          entity &&
          isComplete(question) && <Actions question={question} entity={entity} measures={measures} />
        }
      />
      <PageBody wide>
        {query.isPending && <ListSkeleton rows={6} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.data && (
          <Report
            question={question}
            measures={measures}
            named={query.data.axes}
            onChange={(next) => void navigate({ to: "/reports/new", search: next, resetScroll: false })}
          />
        )}
      </PageBody>
    </>
  );
}

function Actions({
  question,
  entity,
  measures,
}: {
  question: Question;
  entity: Entity;
  measures: Measure[];
}) {
  const sentence = useSentence(question, entity, measures);
  return <ReportActions content={contentOf(question)} sentence={sentence} changed />;
}
