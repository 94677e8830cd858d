/** What the rule as it stands in the form would have done in the last days. */
import { Button, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { Entity } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Facts, Notice, Pair, Stacked } from "@/ui/block";
import { InlineLink } from "@/ui/value";
import { type AutomationOutcome, type AutomationRule, dryRunAutomation } from "./automation-api";
import { useActionName } from "./automation-words";

const spans = [1, 7, 30, 90];

export function DryRun({ entity, rule }: { entity: Entity; rule(): AutomationRule }) {
  const { t } = useTranslation(["automation", "common"]);
  const [days, setDays] = useState(7);
  const run = useMutation({ mutationFn: () => dryRunAutomation(entity.key, rule(), days) });
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

function Outcome({ entity, outcome }: { entity: Entity; outcome: AutomationOutcome }) {
  const { t } = useTranslation("automation");
  const name = useActionName();
  const items = [
    { label: t("fired"), value: formatNumber(outcome.fired, 0) },
    ...outcome.actions.map(({ kind, count }) => ({ label: name(kind), value: formatNumber(count, 0) })),
  ];
  return (
    <div role="status" data-testid="dry-run">
      <Facts items={items} />
      {outcome.letters > 0 && <Notice tone="warn">{t("letters", { count: outcome.letters })}</Notice>}
      {outcome.truncated && <Notice>{t("truncated")}</Notice>}
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
