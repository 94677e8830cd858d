/** `/dashboards/{id}`: cards of figures, and the same cards being arranged. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconLayoutDashboard, IconPencil } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { dashboardQuery, deleteDashboard } from "@/api/dashboards";
import type { Dashboard } from "@/api/reports-wire";
import type { Id } from "@/api/types";
import { type Act, targetOf } from "@/engines/reports/acts";
import { barIn, keptBar } from "@/engines/reports/bar";
import { DashboardBoard } from "@/engines/reports/board";
import { hasDraft } from "@/engines/reports/draft-key";
import { rangeOf } from "@/engines/reports/period";
import { openCreate } from "@/state/creating";
import type { DashboardSearch } from "@/state/search";
import { Tag } from "@/ui/block";
import { BlockSkeleton } from "@/ui/block-frame";
import { Confirm } from "@/ui/confirm";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ReportPage } from "@/ui/report";
import { CardNote } from "@/ui/report-cards";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { sameQuestion } from "./sales-search";

const DashboardBar = lazy(() => import("./dashboard-bar"));
const DashboardForm = lazy(() => import("./dashboard-form"));
const DashboardDraft = lazy(() => import("@/engines/reports/draft"));

const route = getRouteApi("/shell/dashboards/$id");

export default function DashboardPage() {
  const { id } = route.useParams();
  const query = useQuery(dashboardQuery(id));
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <ListSkeleton rows={6} />;
  return <Shown key={id} id={id} dashboard={query.data} />;
}

function Shown({ id, dashboard }: { id: Id; dashboard: Dashboard }) {
  const { t } = useTranslation(["reports", "common"]);
  const navigate = useNavigate();
  const search = route.useSearch();
  const kept = keptBar(dashboard);
  const bar = barIn(search, kept);
  const [open, setOpen] = useState<"about" | "delete" | null>(null);
  const go = (next: DashboardSearch) =>
    void navigate({ to: "/dashboards/$id", params: { id }, search: next, resetScroll: false });
  const remove = useMutation({
    mutationFn: () => deleteDashboard(id, dashboard.version),
    onSuccess: () => void navigate({ to: "/reports" }),
    onError: (error) => toastError(error),
  });
  const act = (one: Act) => {
    const target = targetOf(one);
    if ("create" in target) openCreate(target.create);
    else if ("edit" in target) go({ edit: true });
    else void navigate({ to: target.href });
  };
  const editing = search.edit === true && dashboard.may_edit;
  return (
    <>
      <PageHeader
        icon={<IconLayoutDashboard size={18} />}
        title={dashboard.name}
        actions={
          dashboard.may_edit &&
          !editing && (
            <>
              {hasDraft(dashboard) && <Tag tone="warn">{t("reports:unsaved")}</Tag>}
              <Button
                variant="default"
                aria-label={t("reports:arrange")}
                onClick={() => go({ ...search, edit: true })}
              >
                <IconText icon={<IconPencil size={16} />}>{t("reports:arrange")}</IconText>
              </Button>
              <Menu position="bottom-end" width={220}>
                <Menu.Target>
                  <ActionIcon aria-label={t("reports:more")}>
                    <IconDots size={18} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item onClick={() => setOpen("about")}>{t("reports:rename_share")}</Menu.Item>
                  <Menu.Item onClick={() => setOpen("delete")}>{t("common:delete")}</Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </>
          )
        }
      />
      <PageBody wide>
        <ReportPage>
          {editing ? (
            <Suspense fallback={<BlockSkeleton height={420} label={t("reports:counting")} />}>
              <DashboardDraft dashboard={dashboard} onEnd={() => go({ ...search, edit: undefined })} />
            </Suspense>
          ) : dashboard.cards.length === 0 ? (
            <EmptyState
              title={t("reports:dashboard_empty")}
              action={
                dashboard.may_edit && (
                  <Button onClick={() => go({ edit: true })}>{t("reports:card_add")}</Button>
                )
              }
            >
              {t("reports:dashboard_empty_text")}
            </EmptyState>
          ) : (
            <>
              <Suspense fallback={<BlockSkeleton height={36} label={t("reports:which")} />}>
                <DashboardBar
                  dashboard={dashboard}
                  bar={bar}
                  changed={!sameQuestion(bar, kept)}
                  onChange={(part) => go({ period: search.period, filter: search.filter, ...part })}
                  onKept={() => go({})}
                />
              </Suspense>
              {dashboard.description && <CardNote>{dashboard.description}</CardNote>}
              <DashboardBoard
                dashboard={dashboard}
                of={{ id }}
                asked={{ period: rangeOf(bar.period), filter: bar.filter ?? {} }}
                onAct={act}
              />
            </>
          )}
        </ReportPage>
      </PageBody>
      <Suspense>
        {open === "about" && (
          <DashboardForm dashboard={dashboard} onClose={() => setOpen(null)} onSaved={() => setOpen(null)} />
        )}
      </Suspense>
      {open === "delete" && (
        <Confirm
          title={t("reports:delete_title", { name: dashboard.name })}
          text={t("reports:delete_dashboard_text")}
          yes={t("common:delete")}
          no={t("common:cancel")}
          close={t("common:close")}
          danger
          pending={remove.isPending}
          onYes={() => remove.mutate()}
          onNo={() => setOpen(null)}
        />
      )}
    </>
  );
}
