/**
 * What a change does to records, before it is done: where those of a stage that goes move, what is closed or opened. Asked
 * of the server again with each choice.
 */
import { Button, Modal, Select, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { PipelineChange } from "@/api/types";
import { Hint, Notice } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { useFocusBack } from "@/ui/use-focus-back";
import type { Targets } from "./targets";

interface Props {
  title: string;
  confirm: string;
  danger?: boolean;
  /** What the server said first. */
  plan: PipelineChange;
  /** Where records may move, by pipeline. */
  targets: Targets[];
  ask(moveTo: Record<string, string>): Promise<PipelineChange>;
  act(moveTo: Record<string, string>, preview: string): Promise<PipelineChange>;
  onDone(change: PipelineChange): void;
  onClose(): void;
}

/** Whether somebody has to see what a plan does. */
export const touchesRecords = (plan: PipelineChange): boolean =>
  plan.closes + plan.opens + plan.moves > 0 || plan.removed.some((one) => one.records > 0);

export function SettleDialog(props: Props) {
  useFocusBack();
  const { t } = useTranslation(["pipelines", "common"]);
  const [moveTo, setMoveTo] = useState<Record<string, string>>({});
  const [plan, setPlan] = useState(props.plan);
  const ask = useMutation({ mutationFn: props.ask, onSuccess: setPlan });
  const act = useMutation({
    mutationFn: () => props.act(moveTo, plan.preview),
    onSuccess: props.onDone,
  });
  const waiting = plan.removed.filter((one) => one.records > 0);
  const open = waiting.filter((one) => !moveTo[one.stage]);
  const error = act.error ?? ask.error;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        {error && <FormProblem>{messageOf(error, t("common:network"))}</FormProblem>}
        {waiting.map((one) => (
          <Select
            key={one.stage}
            label={t("pipelines:move_to", { stage: one.name, count: one.records })}
            placeholder={t("pipelines:choose_stage")}
            allowDeselect={false}
            searchable
            data={props.targets}
            value={moveTo[one.stage] ?? null}
            onChange={(to) => {
              if (!to) return;
              const next = { ...moveTo, [one.stage]: to };
              setMoveTo(next);
              ask.mutate(next);
            }}
          />
        ))}
        <Notice tone={plan.closes + plan.opens > 0 ? "warn" : "plain"} title={t("pipelines:will_happen")}>
          <Effects plan={plan} open={open.length} />
        </Notice>
        <Hint>{t("pipelines:undo_hint")}</Hint>
        <FormActions>
          <Button variant="default" onClick={props.onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            color={props.danger ? "red.8" : undefined}
            disabled={open.length > 0 || ask.isPending}
            loading={act.isPending}
            onClick={() => act.mutate()}
          >
            {props.confirm}
          </Button>
        </FormActions>
      </Stack>
    </Modal>
  );
}

function Effects({ plan, open }: { plan: PipelineChange; open: number }) {
  const { t } = useTranslation("pipelines");
  const lines = [
    open > 0 && t("effect_open"),
    plan.moves > 0 && t("effect_moves", { count: plan.moves }),
    plan.closes > 0 && t("effect_closes", { count: plan.closes }),
    plan.opens > 0 && t("effect_opens", { count: plan.opens }),
    plan.retimed > 0 && t("effect_retimed", { count: plan.retimed }),
  ].filter((line) => line !== false);
  return (
    <ul style={{ margin: 0, paddingInlineStart: 18 }} data-testid="pipeline-effects">
      {(lines.length > 0 ? lines : [t("effect_none")]).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
