/** What rules did: which record, when, how it ended; what failed can be tried again. */
import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Entity } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { Block, type Column, DataTable, Lead, Pair, Secondary, Stacked, Tag, type Tone } from "@/ui/block";
import { ShowMore } from "@/ui/more";
import { ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { InlineLink } from "@/ui/value";
import {
  type AutomationRun,
  type AutomationRunState,
  automationRunsQuery,
  type PlacedAutomation,
  retryAutomationRun,
} from "./automation-api";

const states: AutomationRunState[] = ["failed", "stopped", "waiting", "running", "done", "passed"];
const tones: Record<AutomationRunState, Tone> = {
  failed: "danger",
  stopped: "danger",
  waiting: "warn",
  running: "accent",
  done: "ok",
  passed: "plain",
};

export function Runs({ entity, rules }: { entity: Entity; rules: PlacedAutomation[] }) {
  const { t } = useTranslation("automation");
  const [rule, setRule] = useState<string | null>(null);
  const [state, setState] = useState<AutomationRunState | null>(null);
  const query = useInfiniteQuery(automationRunsQuery({ rule: rule ?? undefined, state: state ?? undefined }));
  const found = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Block
      title={t("runs")}
      note={t("runs_note")}
      actions={
        <Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t("refresh")}
        </Button>
      }
    >
      <Pair>
        <Select
          label={t("runs_rule")}
          placeholder={t("runs_all")}
          clearable
          data={rules.map(({ id, rule: { name } }) => ({ value: id, label: name }))}
          value={rule}
          onChange={setRule}
        />
        <Select
          label={t("runs_state")}
          placeholder={t("runs_all")}
          clearable
          data={states.map((one) => ({ value: one, label: t(`state_${one}`) }))}
          value={state}
          onChange={(next) => setState(next as AutomationRunState | null)}
        />
      </Pair>
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && found.length === 0 && <Lead>{t("runs_none")}</Lead>}
      {found.length > 0 && <Table runs={found} entity={entity} />}
      <ShowMore of={query} label={t("runs_more")} />
    </Block>
  );
}

function Table({ runs }: { runs: AutomationRun[]; entity: Entity }) {
  const { t } = useTranslation("automation");
  const retry = useMutation({ mutationFn: retryAutomationRun, onError: (error) => toastError(error) });
  const columns: Column<AutomationRun>[] = [
    {
      key: "record",
      label: t("record"),
      grow: true,
      render: (run) => (
        <Stacked>
          <InlineLink>
            <Link to="/records/$entity/$id" params={{ entity: run.entity, id: run.record }}>
              {run.title || run.record}
            </Link>
          </InlineLink>
          <Secondary>
            {run.name} · {formatDateTime(run.at)}
          </Secondary>
          {run.error && <Secondary>{run.error}</Secondary>}
        </Stacked>
      ),
    },
    {
      key: "state",
      label: t("state"),
      render: ({ state, due_at }) => (
        <Tag tone={tones[state]} title={due_at && formatDateTime(due_at)}>
          {t(`state_${state}`)}
        </Tag>
      ),
    },
    {
      key: "acts",
      label: t("retry"),
      bare: true,
      render: ({ id, state }) =>
        (state === "failed" || state === "stopped") && (
          <Button
            size="compact-sm"
            variant="default"
            loading={retry.isPending && retry.variables === id}
            onClick={() => retry.mutate(id)}
          >
            {t("retry")}
          </Button>
        ),
    },
  ];
  return <DataTable label={t("runs")} columns={columns} rows={runs} keyOf={({ id }) => id} />;
}
