/** Who changed what of the configuration, when, and the way back. */
import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { formatDateTime } from "@/i18n/format";
import {
  Block,
  BlockBones,
  Buttons,
  type Column,
  DataTable,
  Lead,
  LogText,
  Secondary,
  Stacked,
} from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { ShowMore } from "@/ui/more";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";
import {
  type ConfigurationArea,
  type ConfigurationChange,
  configurationChangesQuery,
  refusedPlan,
  restoreConfiguration,
} from "./configuration-api";
import { areas, isIdle, spelled } from "./configuration-model";
import { PlanTable } from "./configuration-plan";

export function ConfigurationChanges() {
  const { t } = useTranslation(["configuration", "common", "fields"]);
  const [area, setArea] = useState<ConfigurationArea>();
  const [asked, setAsked] = useState<ConfigurationChange>();
  const query = useInfiniteQuery(configurationChangesQuery(area));
  const found = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Block title={t("configuration:changes")} note={t("configuration:changes_note")}>
      <Buttons>
        <Select
          aria-label={t("configuration:area")}
          placeholder={t("configuration:area_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          data={areas.map((one) => ({ value: one, label: t(`configuration:area_${one}`) }))}
          value={area ?? null}
          onChange={(next) => setArea((next as ConfigurationArea | null) ?? undefined)}
        />
      </Buttons>
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && found.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && found.length === 0 && !query.hasNextPage && (
        <Lead>{t("configuration:changes_none")}</Lead>
      )}
      {found.length > 0 && <Changes changes={found} onRestore={setAsked} />}
      <ShowMore of={query} label={t("configuration:changes_earlier")} />
      {asked && <Restore change={asked} onClose={() => setAsked(undefined)} />}
    </Block>
  );
}

function Changes({
  changes,
  onRestore,
}: {
  changes: ConfigurationChange[];
  onRestore(change: ConfigurationChange): void;
}) {
  const { t } = useTranslation("configuration");
  const [open, setOpen] = useState<string>();
  const columns: Column<ConfigurationChange>[] = [
    { key: "when", label: t("when"), render: ({ at }) => <time dateTime={at}>{formatDateTime(at)}</time> },
    {
      key: "who",
      label: t("who"),
      render: ({ actor }) =>
        actor.kind === "system" ? <Secondary>{t("system")}</Secondary> : (actor.name ?? actor.kind),
    },
    { key: "what", label: t("what"), render: ({ text }) => text },
    {
      key: "of",
      label: t("object"),
      grow: true,
      render: ({ id, key, note, before, after }) => (
        <Stacked>
          <span>{note ?? key}</span>
          {open === id && before && <LogText>{`${t("before")}\n${spelled(before)}`}</LogText>}
          {open === id && after && <LogText>{`${t("after")}\n${spelled(after)}`}</LogText>}
        </Stacked>
      ),
    },
    {
      key: "acts",
      label: t("detail"),
      bare: true,
      render: (change) => (
        <Buttons>
          {(change.before ?? change.after) && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              aria-label={t("detail_of", { name: change.key })}
              aria-expanded={open === change.id}
              onClick={() => setOpen(open === change.id ? undefined : change.id)}
            >
              {t("detail")}
            </Button>
          )}
          {change.restorable && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              aria-label={t("restore_of", { name: change.note ?? change.key })}
              onClick={() => onRestore(change)}
            >
              {t("restore")}
            </Button>
          )}
        </Buttons>
      ),
    },
  ];
  return <DataTable label={t("changes")} columns={columns} rows={changes} keyOf={({ id }) => id} />;
}

/** What restoring would do is shown before it is done. */
function Restore({ change, onClose }: { change: ConfigurationChange; onClose(): void }) {
  const { t } = useTranslation(["configuration", "common"]);
  const look = useMutation({ mutationFn: () => restoreConfiguration(change.id, true) });
  const save = useMutation({
    mutationFn: () => restoreConfiguration(change.id, false),
    onSuccess: () => {
      toast({ message: t("configuration:restored"), kind: "done" });
      onClose();
    },
  });
  const plan = refusedPlan(save.error) ?? look.data;
  const problem = save.error ?? look.error;
  const idle = plan !== undefined && isIdle(plan);
  return (
    <Confirm
      title={t("configuration:restore_title", { name: change.note ?? change.key })}
      text={t("configuration:restore_text")}
      yes={plan ? t("configuration:restore") : t("configuration:look")}
      no={t("common:cancel")}
      close={t("common:close")}
      pending={look.isPending || save.isPending}
      problem={
        <>
          {idle && <Lead>{t("configuration:idle")}</Lead>}
          {plan && !idle && <PlanTable plan={plan} />}
          {problem && <FormProblem>{messageOf(problem, t("common:network"))}</FormProblem>}
        </>
      }
      onYes={() => (plan ? save.mutate() : look.mutate())}
      onNo={onClose}
    />
  );
}
