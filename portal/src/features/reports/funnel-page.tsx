/** `/reports/funnel`: who comes to each stage or step, who goes on, where they wait. */
import { MultiSelect, SegmentedControl, Select } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { definitionsQuery } from "@/api/processes";
import { funnelQuery } from "@/api/sales-reports";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { FunnelView, funnelAxes } from "@/engines/reports/funnel-view";
import { axisFields } from "@/engines/reports/question";
import { useLast } from "@/engines/reports/use-last";
import type { FunnelSearch } from "@/state/search";
import { BlockSkeleton } from "@/ui/block-frame";
import { PageBody } from "@/ui/page";
import { ReportBody, ReportPage } from "@/ui/report";
import { EmptyState, ErrorState } from "@/ui/states";
import { SalesBar } from "./sales-bar";
import { SalesHead } from "./sales-head";
import { funnelQuestion, usualPipeline } from "./sales-search";
import { periodIn } from "./search";

const route = getRouteApi("/shell/reports/funnel");

export default function FunnelPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const staged = useEntities().filter(({ staged: has, inner, actions }) => has && !inner && actions.read);
  const usual = staged.find(({ key }) => key === "deal") ?? staged[0];
  const entity = staged.find(({ key }) => key === search.entity) ?? usual;
  const go = (part: Partial<FunnelSearch>) =>
    void navigate({ to: "/reports/funnel", search: { ...search, ...part }, resetScroll: false });
  return (
    <>
      <SalesHead
        icon={<IconFilter size={18} />}
        title={t("funnel")}
        kind="funnel"
        question={entity && funnelQuestion(entity, search)}
        saved={search.saved}
        suggested={entity && `${t("funnel")}: ${search.over ? t("over_processes") : entity.label_plural}`}
      />
      <PageBody wide>
        {entity ? (
          <Asked search={search} entity={entity} staged={staged} go={go} />
        ) : (
          <EmptyState title={t("none_title")}>{t("none_text")}</EmptyState>
        )}
      </PageBody>
    </>
  );
}

interface AskedProps {
  search: FunnelSearch;
  entity: Entity;
  staged: Entity[];
  go(part: Partial<FunnelSearch>): void;
}

function Asked({ search, entity, staged, go }: AskedProps) {
  const { t } = useTranslation("reports");
  const process = search.over === "process";
  const period = periodIn(search.period, "this_year");
  const question = funnelQuestion(entity, search);
  const query = useQuery(funnelQuery(question));
  const shown = useLast({ question, answer: query.data }, query.isSuccess && !query.isPlaceholderData);
  return (
    <ReportPage>
      <SalesBar
        period={period}
        onPeriod={(next) => go({ period: next ?? "all" })}
        entity={process ? undefined : entity}
        filter={search.filter}
        onFilter={(filter) => go({ filter })}
      >
        <SegmentedControl
          aria-label={t("funnel_over")}
          data={[
            { value: "stage", label: t("over_stages") },
            { value: "process", label: t("over_processes") },
          ]}
          value={question.over}
          onChange={(over) => go({ over: over === "process" ? "process" : undefined, by: undefined })}
        />
        {process ? (
          <Definitions search={search} go={go} />
        ) : (
          <Stages search={search} entity={entity} staged={staged} go={go} />
        )}
        <By search={search} entity={entity} process={process} go={go} />
      </SalesBar>
      {query.isPending && <BlockSkeleton height={320} label={t("counting")} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {shown.answer && !query.isError && (
        <ReportBody stale={query.isPlaceholderData}>
          <FunnelView answer={shown.answer} question={shown.question} />
        </ReportBody>
      )}
    </ReportPage>
  );
}

type Part = Pick<AskedProps, "search" | "go">;

function Definitions({ search, go }: Part) {
  const { t } = useTranslation("reports");
  const definitions = useQuery(definitionsQuery).data ?? [];
  return (
    <Select
      aria-label={t("which_process")}
      placeholder={t("all_processes")}
      clearable
      clearButtonProps={{ "aria-label": t("all_processes") }}
      data={definitions.map(({ key, name }) => ({ value: key, label: name }))}
      value={search.definition ?? null}
      onChange={(definition) => go({ definition: definition ?? undefined })}
    />
  );
}

function Stages({ search, entity, staged, go }: Omit<AskedProps, "filter">) {
  const { t } = useTranslation("reports");
  const usual = usualPipeline(entity);
  return (
    <>
      {staged.length > 1 && (
        <Select
          aria-label={t("about")}
          allowDeselect={false}
          w={140}
          data={staged.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
          value={entity.key}
          onChange={(key) =>
            key && go({ entity: key, pipeline: undefined, by: undefined, filter: undefined })
          }
        />
      )}
      {entity.pipelines.length > 1 && (
        <Select
          aria-label={t("which_pipeline")}
          allowDeselect={false}
          data={entity.pipelines.map(({ id, name }) => ({ value: id, label: name }))}
          value={search.pipeline ?? usual?.id ?? null}
          onChange={(pipeline) => go({ pipeline: pipeline ?? undefined })}
        />
      )}
      <SegmentedControl
        aria-label={t("funnel_mode")}
        data={[
          { value: "reached", label: t("mode_reached") },
          { value: "visited", label: t("mode_visited") },
        ]}
        value={search.mode ?? "reached"}
        onChange={(mode) => go({ mode: mode === "visited" ? "visited" : undefined })}
      />
    </>
  );
}

/** Axes beside the steps. */
function By({ search, entity, process, go }: Part & { entity: Entity; process: boolean }) {
  const { t } = useTranslation("reports");
  const processOnly = ["event", "process"];
  const recordOnly = ["organization", "source", "client"];
  const known = funnelAxes.filter((axis) => !(process ? recordOnly : processOnly).includes(axis));
  const fields = process
    ? []
    : axisFields(entity).filter(
        ({ type, key }) => ["choice", "boolean", "link"].includes(type) && key !== "source",
      );
  return (
    <MultiSelect
      aria-label={t("funnel_by")}
      placeholder={search.by?.length ? undefined : t("funnel_by")}
      searchable
      maxValues={3}
      w={280}
      data={[
        ...known.map((axis) => ({ value: axis as string, label: t(`funnel_axis_${axis}`) })),
        ...fields.map(({ key, label }) => ({ value: `field:${key}`, label })),
      ]}
      value={search.by ?? []}
      onChange={(by) => go({ by: by.length > 0 ? by : undefined })}
    />
  );
}
