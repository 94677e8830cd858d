/** What the rule as it stands in the form would have done in the last days, or would do with what somebody outside sends. */
import { Button, Select, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { Entity } from "@/api/types";
import { formatDateTime, formatNumber } from "@/i18n/format";
import { Facts, Notice, Pair, Stacked } from "@/ui/block";
import { InlineLink } from "@/ui/value";
import { type AutomationOutcome, type AutomationRule, dryRunAutomation } from "./automation-api";
import { readJson } from "./automation-model";
import { useActionName } from "./automation-words";

const spans = [1, 7, 30, 90];

interface Props {
  entity: Entity;
  rule(): AutomationRule;
}

/** A rule that is set off from outside is tried with what would be sent: of the past nothing is kept. */
export function DryRun({ webhook, ...props }: Props & { webhook: boolean }) {
  return webhook ? <DryCall {...props} /> : <DryPast {...props} />;
}

function DryCall({ entity, rule }: Props) {
  const { t } = useTranslation(["automation", "common"]);
  const [text, setText] = useState('{"name": "Ann"}');
  const vars = readJson(text);
  const run = useMutation({ mutationFn: () => dryRunAutomation(entity.key, rule(), { vars: vars ?? {} }) });
  return (
    <Stacked>
      <Textarea
        label={t("automation:dry_vars")}
        autosize
        maxRows={12}
        value={text}
        error={vars ? undefined : t("automation:json_wrong")}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button variant="default" loading={run.isPending} disabled={!vars} onClick={() => run.mutate()}>
        {t("automation:dry_vars_go")}
      </Button>
      {run.isError && <Notice tone="danger">{messageOf(run.error, t("common:network"))}</Notice>}
      {run.data && <Outcome entity={entity} outcome={run.data} told />}
    </Stacked>
  );
}

function DryPast({ entity, rule }: Props) {
  const { t } = useTranslation(["automation", "common"]);
  const [days, setDays] = useState(7);
  const run = useMutation({ mutationFn: () => dryRunAutomation(entity.key, rule(), { days }) });
  return (
    <Stacked>
      <Pair>
        <Select
          label={t("automation:dry_run")}
          allowDeselect={false}
          data={spans.map((count) => ({ value: String(count), label: t("automation:days", { count }) }))}
          value={String(days)}
          onChange={(value) => value && setDays(Number(value))}
        />
        <Button
          variant="default"
          loading={run.isPending}
          onClick={() => run.mutate()}
          style={{ alignSelf: "end" }}
        >
          {t("automation:dry_run_go")}
        </Button>
      </Pair>
      {run.isError && <Notice tone="danger">{messageOf(run.error, t("common:network"))}</Notice>}
      {run.data && <Outcome entity={entity} outcome={run.data} />}
    </Stacked>
  );
}

/** `told`: of one call, with what each action would be done. */
function Outcome({ entity, outcome, told }: { entity: Entity; outcome: AutomationOutcome; told?: boolean }) {
  const { t } = useTranslation("automation");
  const name = useActionName();
  const items = [
    { label: t("fired"), value: formatNumber(outcome.fired, 0) },
    ...outcome.actions.map(({ kind, count, parameters }) => ({
      label: name(kind),
      value: told && parameters ? JSON.stringify(parameters) : formatNumber(count, 0),
    })),
  ];
  return (
    <div role="status" data-testid="dry-run">
      <Facts items={items} />
      {outcome.letters > 0 && <Notice tone="warn">{t("letters", { count: outcome.letters })}</Notice>}
      {outcome.truncated && (
        <Notice>
          {outcome.until ? t("looked_until", { at: formatDateTime(outcome.until) }) : t("truncated")}
        </Notice>
      )}
      {outcome.problems.map(({ record, problem }) => (
        <Notice key={record} tone="danger">
          {problem}
        </Notice>
      ))}
      {outcome.examples.slice(0, 5).map(({ record, title, at }) => (
        <div key={`${record} ${at}`}>
          <InlineLink>
            <Link to="/records/$entity/$id" params={{ entity: entity.key, id: record }}>
              {title || record}
            </Link>
          </InlineLink>
        </div>
      ))}
    </div>
  );
}
