/** The contract of a step: who, how long, what for, what to fill, what when late, its place in the funnel. */
import { ActionIcon, Button, Checkbox, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Escalation } from "@/engines/designer/contract";
import { Group, Grow, Line, PanelPart } from "@/ui/designer-panel";
import type { ContractProps } from "./contract-props";
import { DueHint } from "./due-hint";
import { ExecutorInput } from "./executor-input";
import { CommitText, SpanInput } from "./inputs";
import { FormPart } from "./panel-form";
import { ParamsInput } from "./params-input";

export function StepParts({ contract, set }: ContractProps) {
  return (
    <>
      <WhoPart contract={contract} set={set} />
      <TimePart contract={contract} set={set} />
      <ActionPart contract={contract} set={set} />
      <FormPart contract={contract} set={set} />
      <LatePart contract={contract} set={set} />
      <FunnelPart contract={contract} set={set} />
    </>
  );
}

const without = <T,>(list: T[], index: number) => list.filter((_, at) => at !== index);
const replaced = <T,>(list: T[], index: number, value: T) =>
  list.map((one, at) => (at === index ? value : one));

function WhoPart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { executors, assignment, completedBy } = contract;
  const count = /^\d+$/.test(completedBy) && Number(completedBy) > 1 ? completedBy : undefined;
  const many = count ? "count" : completedBy === "all" ? "all" : "single";
  // An empty line is only asked for when there is none: the file holds no empty executor.
  const shown = executors.length > 0 ? executors : [""];
  return (
    <PanelPart name="who" title={t("part_who")}>
      {shown.map((executor, index) => (
        <ExecutorInput
          key={index}
          label={t("who_kind", { number: index + 1 })}
          value={executor}
          onChange={(next) =>
            set({ executors: next ? replaced(shown, index, next) : without(executors, index) })
          }
          onRemove={executor ? () => set({ executors: without(executors, index) }) : undefined}
        />
      ))}
      {executors.length > 0 && (
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ executors: [...executors, "owner"] })}
          >
            {t("who_add")}
          </Button>
        </div>
      )}
      <Select
        label={t("assignment")}
        allowDeselect={false}
        data={["anyone", "turn", "load"].map((one) => ({
          value: one,
          label: t(`assignment_${one as "anyone" | "turn" | "load"}`),
        }))}
        value={assignment || "anyone"}
        onChange={(next) => set({ assignment: next === "anyone" ? "" : (next ?? "") })}
      />
      <Line>
        <Grow>
          <Select
            label={t("completed_by")}
            allowDeselect={false}
            data={["single", "all", "count"].map((one) => ({
              value: one,
              label: t(`completed_${one as "single" | "all" | "count"}`),
            }))}
            value={many}
            onChange={(next) => set({ completedBy: next === "count" ? "2" : next === "all" ? "all" : "" })}
          />
        </Grow>
        {count && (
          <TextInput
            aria-label={t("completed_number")}
            w={72}
            type="number"
            min={2}
            max={1000}
            value={count}
            onChange={(event) =>
              Number(event.currentTarget.value) > 1 && set({ completedBy: event.currentTarget.value })
            }
          />
        )}
      </Line>
    </PanelPart>
  );
}

function TimePart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { duration, remindBefore } = contract;
  return (
    <PanelPart name="time" title={t("part_time")} hint={t("time_hint")}>
      <SpanInput label={t("duration")} value={duration} onCommit={(next) => set({ duration: next })} />
      {duration && <DueHint duration={duration} remindBefore={remindBefore} />}
      {remindBefore.map((one, index) => (
        <SpanInput
          key={index}
          label={t("remind_before")}
          value={one}
          onCommit={(next) =>
            set({ remindBefore: next ? replaced(remindBefore, index, next) : without(remindBefore, index) })
          }
          end={
            <ActionIcon
              aria-label={t("remind_remove")}
              onClick={() => set({ remindBefore: without(remindBefore, index) })}
            >
              <IconX size={16} />
            </ActionIcon>
          }
        />
      ))}
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => set({ remindBefore: [...remindBefore, "PT1H"] })}
        >
          {t("remind_add")}
        </Button>
      </div>
    </PanelPart>
  );
}

const actions = [
  "email",
  "call",
  "meeting",
  "form",
  "approve",
  "acknowledge",
  "set-fields",
  "create-record",
  "quote",
  "invoice",
] as const;

function ActionPart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { mainAction, requireMainAction, params, resultVariable } = contract;
  const known = (actions as readonly string[]).includes(mainAction);
  const words = actions.map((one) => ({
    value: one as string,
    label: t(`action_${one.replace("-", "_") as "email"}`),
  }));
  const data = [{ value: "none", label: t("action_none") }, ...words];
  return (
    <PanelPart name="action" title={t("part_action")}>
      <Select
        aria-label={t("part_action")}
        allowDeselect={false}
        data={mainAction && !known ? [...data, { value: mainAction, label: mainAction }] : data}
        value={mainAction || "none"}
        onChange={(next) =>
          set(
            next === "none" || !next
              ? { mainAction: "", requireMainAction: false, params: [] }
              : { mainAction: next },
          )
        }
      />
      {mainAction && (
        <Checkbox
          label={t("require_action")}
          checked={requireMainAction}
          onChange={(event) => set({ requireMainAction: event.currentTarget.checked })}
        />
      )}
      {mainAction && (
        <ParamsInput kind={mainAction} params={params} onChange={(next) => set({ params: next })} />
      )}
      {(mainAction === "approve" || resultVariable) && (
        <CommitText
          label={t("result_variable")}
          description={t("result_variable_hint")}
          value={resultVariable}
          onCommit={(next) => set({ resultVariable: next.trim() })}
        />
      )}
    </PanelPart>
  );
}

const fresh: Escalation = { to: "head", after: "PT0S", every: "", reassign: false };

function LatePart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { escalate } = contract;
  return (
    <PanelPart name="late" title={t("part_late")}>
      {escalate.map((one, index) => {
        const put = (patch: Partial<Escalation>) =>
          set({ escalate: replaced(escalate, index, { ...one, ...patch }) });
        return (
          <Group key={index} label={t("late_line", { number: index + 1 })}>
            <ExecutorInput
              label={t("late_whom")}
              value={one.to}
              onChange={(to) => to && put({ to })}
              onRemove={() => set({ escalate: without(escalate, index) })}
            />
            <SpanInput
              label={t("late_after")}
              zero
              value={one.after}
              onCommit={(after) => put({ after: after || "PT0S" })}
            />
            <SpanInput label={t("late_every")} value={one.every} onCommit={(every) => put({ every })} />
            <Checkbox
              label={t("late_reassign")}
              checked={one.reassign}
              onChange={(event) => put({ reassign: event.currentTarget.checked })}
            />
          </Group>
        );
      })}
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => set({ escalate: [...escalate, fresh] })}
        >
          {t("late_add")}
        </Button>
      </div>
    </PanelPart>
  );
}

function FunnelPart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  return (
    <PanelPart name="funnel" title={t("part_funnel")} hint={t("funnel_hint")}>
      <Line>
        <Grow>
          <CommitText
            label={t("event")}
            value={contract.event}
            onCommit={(event) => set({ event: event.trim() })}
          />
        </Grow>
        <div style={{ width: 96 }}>
          <CommitText
            label={t("probability")}
            value={contract.probability}
            onCommit={(text) => set({ probability: text.replace("%", "").trim() })}
          />
        </div>
      </Line>
    </PanelPart>
  );
}
