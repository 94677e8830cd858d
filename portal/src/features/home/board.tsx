/** The cards of the reader's role on the first page; administrators arrange them. */
import { Button, Select } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { homeQuery, homesQuery, restoreHome } from "@/api/dashboards";
import type { Dashboard, HomeRole } from "@/api/reports-wire";
import { useMe } from "@/api/session";
import { dropDraft } from "@/engines/drafts";
import { type Act, targetOf } from "@/engines/reports/acts";
import { DashboardBoard } from "@/engines/reports/board";
import { draftKey } from "@/engines/reports/draft-key";
import { rangeOf } from "@/engines/reports/period";
import { openCreate } from "@/state/creating";
import type { HomeSearch } from "@/state/search";
import { BlockSkeleton } from "@/ui/block-frame";
import { ReportBar } from "@/ui/report";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";

const DashboardDraft = lazy(() => import("@/engines/reports/draft"));

const route = getRouteApi("/shell/");

export default function HomeBoard({ tasks }: { tasks?: ReactNode }) {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const { admin } = useMe();
  const query = useQuery(homeQuery(search.role));
  const go = (part: Partial<HomeSearch>) =>
    void navigate({ to: "/", search: { ...search, ...part }, resetScroll: false });
  const act = (one: Act) => {
    const target = targetOf(one);
    if ("create" in target) openCreate(target.create);
    else if ("edit" in target) go({ edit: true });
    else void navigate({ to: target.href });
  };
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <BlockSkeleton height={420} label={t("counting")} />;
  const home = query.data;
  const edit = search.edit === true && home.may_edit;
  return (
    <>
      <ReportBar label={t("home_of")}>
        <Roles role={home.role} go={go} />
        {admin && home.may_edit && !edit && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconPencil size={16} />}
            onClick={() => go({ edit: true })}
          >
            {t("home_arrange")}
          </Button>
        )}
      </ReportBar>
      {edit ? (
        <Suspense fallback={<BlockSkeleton height={420} label={t("counting")} />}>
          <DashboardDraft
            key={home.role}
            dashboard={home}
            extra={<Restore home={home} onEnd={() => go({ edit: undefined })} />}
            onEnd={() => go({ edit: undefined })}
          />
        </Suspense>
      ) : (
        <DashboardBoard
          key={home.role}
          dashboard={home}
          of={{ role: search.role }}
          asked={{ period: rangeOf(search.period) }}
          tasks={tasks}
          onAct={act}
        />
      )}
    </>
  );
}

/** Whoever has several roles chooses which first page to see; administrators see those of all roles. */
function Roles({ role, go }: { role?: HomeRole; go(part: Partial<HomeSearch>): void }) {
  const { t } = useTranslation("reports");
  const { admin } = useMe();
  const homes = useQuery(homesQuery).data ?? [];
  const open = homes.filter(({ mine }) => admin || mine);
  if (open.length < 2) return null;
  return (
    <Select
      aria-label={t("home_of")}
      allowDeselect={false}
      w={220}
      data={open.map((one) => ({ value: one.role, label: one.label }))}
      value={role ?? null}
      onChange={(next) => next && go({ role: next as HomeRole, edit: undefined })}
    />
  );
}

function Restore({ home, onEnd }: { home: Dashboard; onEnd(): void }) {
  const { t } = useTranslation("reports");
  const restore = useMutation({
    mutationFn: (role: HomeRole) => restoreHome(role),
    onSuccess: () => {
      dropDraft(draftKey(home));
      toast({ message: t("home_restored"), kind: "done" });
      onEnd();
    },
    onError: (error) => toastError(error),
  });
  const { role } = home;
  if (home.builtin || !role) return null;
  return (
    <Button variant="default" loading={restore.isPending} onClick={() => restore.mutate(role)}>
      {t("home_restore")}
    </Button>
  );
}
