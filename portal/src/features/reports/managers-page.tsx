/** `/reports/managers`: people beside one another. */
import { Select } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { departmentsQuery } from "@/api/lookups";
import { managersQuery } from "@/api/sales-reports";
import { useEntity } from "@/api/session";
import { ManagersView } from "@/engines/reports/managers-view";
import { formatDateTime } from "@/i18n/format";
import type { SalesSearch } from "@/state/search";
import { BlockSkeleton } from "@/ui/block-frame";
import { PageBody } from "@/ui/page";
import { ReportBody, ReportFacts, ReportPage } from "@/ui/report";
import { ErrorState } from "@/ui/states";
import { SalesBar } from "./sales-bar";
import { SalesHead } from "./sales-head";
import { managersQuestion } from "./sales-search";
import { periodIn } from "./search";

const route = getRouteApi("/shell/reports/managers");

export default function ManagersPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const deal = useEntity("deal");
  const departments = useQuery(departmentsQuery).data ?? [];
  const period = periodIn(search.period, "this_month");
  const question = managersQuestion(search);
  const query = useQuery(managersQuery(question));
  const go = (part: Partial<SalesSearch>) =>
    void navigate({ to: "/reports/managers", search: { ...search, ...part }, resetScroll: false });
  return (
    <>
      <SalesHead
        icon={<IconUsers size={18} />}
        title={t("managers")}
        kind="managers"
        question={question}
        sort={search.sort}
        saved={search.saved}
      />
      <PageBody wide>
        <ReportPage>
          <SalesBar
            period={period}
            onPeriod={(next) => go({ period: next ?? "all" })}
            entity={deal}
            filter={search.filter}
            onFilter={(filter) => go({ filter })}
          >
            {departments.length > 0 && (
              <Select
                aria-label={t("axis_department")}
                placeholder={t("all_departments")}
                clearable
                clearButtonProps={{ "aria-label": t("all_departments") }}
                data={departments.map(({ id, ref }) => ({ value: id, label: ref.title }))}
                value={search.department ?? null}
                onChange={(department) => go({ department: department ?? undefined })}
              />
            )}
          </SalesBar>
          {query.isPending && <BlockSkeleton height={320} label={t("counting")} />}
          {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
          {query.data && (
            <ReportBody stale={query.isPlaceholderData}>
              <ManagersView answer={query.data} sort={search.sort} onSort={(sort) => go({ sort })} />
              <ReportFacts>
                <span>{t("as_of", { time: formatDateTime(query.data.as_of) })}</span>
                <span>{t("in_currency", { currency: query.data.currency })}</span>
              </ReportFacts>
            </ReportBody>
          )}
        </ReportPage>
      </PageBody>
    </>
  );
}
