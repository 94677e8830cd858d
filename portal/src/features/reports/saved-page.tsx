/** `/reports/saved/{id}`: a kept report; what is changed in it stands in the address until it is saved. */
import { IconChartBar } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import type { SavedReport } from "@/api/reports-wire";
import { savedReportQuery } from "@/api/saved-reports";
import { Tag } from "@/ui/block";
import { PageBody, PageHeader } from "@/ui/page";
import { ErrorState, ListSkeleton } from "@/ui/states";
import { ReportActions } from "./actions";
import { Report } from "./report";
import { funnelAddress, salesAddress } from "./sales-search";
import { contentOf, ofBoth } from "./search";

const route = getRouteApi("/shell/reports/saved/$id");

export default function SavedPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const { id } = route.useParams();
  const search = route.useSearch();
  const saved = useQuery(savedReportQuery(id));
  const measures = useQuery(measuresQuery);
  const error = saved.error ?? measures.error;
  if (error) {
    return <ErrorState error={error} retry={() => void Promise.all([saved.refetch(), measures.refetch()])} />;
  }
  if (!saved.data || !measures.data) return <ListSkeleton rows={6} />;
  if (saved.data.kind !== "query") return <OnItsPage report={saved.data} />;
  const { question, changed } = ofBoth(saved.data, search);
  return (
    <>
      <PageHeader
        icon={<IconChartBar size={18} />}
        title={saved.data.name}
        actions={
          <>
            {changed && <Tag tone="warn">{t("unsaved")}</Tag>}
            <ReportActions
              content={contentOf(question)}
              sentence={saved.data.name}
              report={saved.data}
              changed={changed}
            />
          </>
        }
      />
      <PageBody wide>
        <Report
          question={question}
          measures={measures.data.items}
          named={measures.data.axes}
          note={saved.data.description}
          onChange={(next) =>
            void navigate({ to: "/reports/saved/$id", params: { id }, search: next, resetScroll: false })
          }
        />
      </PageBody>
    </>
  );
}

/** Funnels, forecasts and managers have pages of their own. */
function OnItsPage({ report }: { report: SavedReport }) {
  if (report.kind === "funnel") {
    return <Navigate to="/reports/funnel" search={funnelAddress(report)} replace />;
  }
  if (report.kind === "forecast") {
    return <Navigate to="/reports/forecast" search={salesAddress(report)} replace />;
  }
  return <Navigate to="/reports/managers" search={salesAddress(report, "all")} replace />;
}
