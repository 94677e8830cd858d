/** What the plugin does by itself: its jobs with their next run, and the runs with what became of them. */
import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import {
  cancelPluginJobRun,
  pluginJobRunsQuery,
  pluginJobsQuery,
  repeatPluginJobRun,
  runPluginJob,
} from "@/api/plugin-jobs";
import type { PluginJob, PluginJobRun } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import {
  Block,
  BlockBones,
  Code,
  type Column,
  DataTable,
  Lead,
  LogText,
  Meter,
  Secondary,
  Stacked,
  Tag,
  type Tone,
} from "@/ui/block";
import { ShowMore } from "@/ui/more";
import { ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { BreakerTag } from "./level";

/** While it is looked at, ms. */
const refresh_ms = 3_000;
const tones: Record<PluginJobRun["state"], Tone> = {
  waiting: "plain",
  running: "accent",
  done: "ok",
  failed: "danger",
  cancelled: "plain",
};
const isOpen = ({ state }: PluginJobRun) => state === "waiting" || state === "running";

export default function JobsTab({ id }: { id: string }) {
  const { t } = useTranslation(["plugins", "common"]);
  const jobs = useQuery({ ...pluginJobsQuery(id), refetchInterval: refresh_ms });
  const runs = useInfiniteQuery({ ...pluginJobRunsQuery(id), refetchInterval: refresh_ms });
  const found = runs.data?.pages.flatMap((page) => page.items) ?? [];
  if (jobs.isPending) return <BlockBones label={t("common:loading")} />;
  if (!jobs.data) return <ErrorState error={jobs.error} retry={() => void jobs.refetch()} />;
  if (jobs.data.length === 0 && found.length === 0) return <Lead>{t("plugins:jobs_none")}</Lead>;
  return (
    <>
      <Block title={t("plugins:tab_jobs")} note={t("plugins:jobs_note")}>
        <Jobs id={id} jobs={jobs.data} />
      </Block>
      <Block title={t("plugins:job_runs")}>
        {runs.isError && <ErrorState error={runs.error} retry={() => void runs.refetch()} />}
        {runs.isSuccess && found.length === 0 && <Lead>{t("plugins:job_runs_none")}</Lead>}
        {found.length > 0 && <Runs id={id} runs={found} jobs={jobs.data} />}
        <ShowMore of={runs} label={t("plugins:job_runs_more")} />
      </Block>
    </>
  );
}

/** What is pressed on a line works until the answer. */
function Press({ label, run }: { label: string; run(): Promise<unknown> }) {
  const press = useMutation({ mutationFn: run, onError: (error) => toastError(error, label) });
  return (
    <Button variant="default" size="compact-sm" loading={press.isPending} onClick={() => press.mutate()}>
      {label}
    </Button>
  );
}

function Jobs({ id, jobs }: { id: string; jobs: PluginJob[] }) {
  const { t } = useTranslation("plugins");
  const columns: Column<PluginJob>[] = [
    {
      key: "title",
      label: t("job"),
      grow: true,
      render: (job) => (
        <Stacked>
          <span>{job.title}</span>
          {job.description && <Secondary>{job.description}</Secondary>}
        </Stacked>
      ),
    },
    {
      key: "cron",
      label: t("job_schedule"),
      render: (job) => (job.cron ? <Code>{job.cron}</Code> : <Secondary>{t("job_no_schedule")}</Secondary>),
    },
    {
      key: "next",
      label: t("job_next"),
      render: (job) =>
        job.next_at ? <time dateTime={job.next_at}>{formatDateTime(job.next_at)}</time> : "—",
    },
    { key: "last", label: t("job_last"), render: (job) => (job.last ? <RunState run={job.last} /> : "—") },
    { key: "breaker", label: t("state"), render: (job) => <BreakerTag breaker={job.breaker} /> },
    {
      key: "run",
      label: t("actions"),
      bare: true,
      render: (job) => <Press label={t("job_run_now")} run={() => runPluginJob(id, job.id)} />,
    },
  ];
  return <DataTable label={t("tab_jobs")} columns={columns} rows={jobs} keyOf={(job) => job.id} />;
}

function Runs({ id, runs, jobs }: { id: string; runs: PluginJobRun[]; jobs: PluginJob[] }) {
  const { t } = useTranslation(["plugins", "common"]);
  const columns: Column<PluginJobRun>[] = [
    {
      key: "at",
      label: t("plugins:job_planned"),
      render: (run) => {
        const at = run.started_at ?? run.planned_at;
        return <time dateTime={at}>{formatDateTime(at)}</time>;
      },
    },
    {
      key: "job",
      label: t("plugins:job"),
      render: (run) => (
        <Stacked>
          <span>{jobs.find((job) => job.id === run.job)?.title ?? run.job}</span>
          <Secondary>{t(`plugins:job_origin_${run.origin}`)}</Secondary>
        </Stacked>
      ),
    },
    { key: "state", label: t("plugins:state"), render: (run) => <RunState run={run} /> },
    {
      key: "message",
      label: t("plugins:log_message"),
      grow: true,
      render: (run) => (
        <Stacked>
          {run.message && <span>{run.message}</span>}
          {run.last_error && <LogText>{run.last_error}</LogText>}
        </Stacked>
      ),
    },
    {
      key: "actions",
      label: t("plugins:actions"),
      bare: true,
      render: (run) => (
        <>
          {isOpen(run) && <Press label={t("common:cancel")} run={() => cancelPluginJobRun(id, run.id)} />}{" "}
          {run.state !== "done" && run.state !== "running" && (
            <Press
              label={t(run.state === "waiting" ? "plugins:job_run_now" : "plugins:job_again")}
              run={() => repeatPluginJobRun(id, run.id)}
            />
          )}
        </>
      ),
    },
  ];
  return <DataTable label={t("plugins:job_runs")} columns={columns} rows={runs} keyOf={(run) => run.id} />;
}

function RunState({ run }: { run: PluginJobRun }) {
  const { t } = useTranslation("plugins");
  const state = t(`job_${run.state}`);
  if (run.state === "running" && typeof run.progress === "number") {
    return <Meter label={state} text={`${Math.round(run.progress * 100)} %`} share={run.progress} />;
  }
  return <Tag tone={tones[run.state]}>{state}</Tag>;
}
