/** The stages of one pipeline: named, ordered, added, taken away. What a change does to records is shown before it is done. */
import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { refreshPipelines, saveStages, tryStages } from "@/api/pipelines";
import { undoBatch } from "@/api/records";
import type { Entity, PipelineChange, PipelineConfig } from "@/api/types";
import { spanOf } from "@/engines/designer/time";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import MoveHandle from "@/engines/list/move-handle";
import { currentLocale } from "@/i18n";
import { formatNumber } from "@/i18n/format";
import { Block, Notice, Stacked } from "@/ui/block";
import { generalRefusal } from "@/ui/form-drawer";
import { OrderedList, OrderedRow } from "@/ui/ordered";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { toast, toastError } from "@/ui/toast";
import { StageName } from "@/ui/value";
import {
  colors,
  draftOf,
  freshStage,
  moved,
  nameOf,
  placed,
  refusals,
  rulesOf,
  type StageDraft,
  toInput,
} from "./model";
import { PipelineActions } from "./pipeline-actions";
import { SettleDialog, touchesRecords } from "./settle-dialog";
import { targetsOf } from "./targets";

const StageForm = lazy(() => import("./stage-form"));

interface Props {
  pipeline: PipelineConfig;
  entity: Entity;
  /** The other pipelines of the entity. */
  siblings: PipelineConfig[];
  onClose(): void;
}

/** What was changed and is not saved yet: kept in this tab. */
function useDraft(pipeline: PipelineConfig) {
  // Its shape has a number: what an older page kept is not read.
  const place = `pipeline.2.${pipeline.id}`;
  const saved = draftOf(pipeline);
  const base = JSON.stringify(saved);
  const [kept, setKept] = useState(() => readDraft<{ version: number; stages: StageDraft[] }>(place));
  const [stages, setStages] = useState<StageDraft[]>(kept?.stages ?? saved);
  return {
    stages,
    dirty: JSON.stringify(stages) !== base,
    /** Somebody changed the pipeline since: saving puts these stages over theirs. */
    outdated: kept !== undefined && kept.version !== pipeline.version,
    put(next: StageDraft[]) {
      setStages(next);
      if (JSON.stringify(next) === base) dropDraft(place);
      else keepDraft(place, { version: kept?.version ?? pipeline.version, stages: next });
    },
    /** Saved: what is read next takes its place. */
    forget: () => dropDraft(place),
    drop() {
      dropDraft(place);
      setKept(undefined);
      setStages(saved);
    },
  };
}

export function PipelineEditor({ pipeline, entity, siblings, onClose }: Props) {
  const { t } = useTranslation(["pipelines", "common"]);
  const { stages, dirty, outdated, put, forget, drop } = useDraft(pipeline);
  const [open, setOpen] = useState<{ stage: StageDraft; isNew: boolean }>();
  const [plan, setPlan] = useState<PipelineChange>();
  const list = (moveTo: Record<string, string> = {}, preview?: string) => ({
    stages: stages.map((stage) => toInput(stage, stages)),
    move_to: moveTo,
    preview,
  });
  const done = (change: PipelineChange) => {
    setPlan(undefined);
    forget();
    sayDone(change, t);
    return refreshPipelines();
  };
  const save = useMutation({
    mutationFn: async () => {
      const seen = await tryStages(pipeline.id, list(), pipeline.version);
      return touchesRecords(seen)
        ? { seen }
        : { change: await saveStages(pipeline.id, list(), pipeline.version) };
    },
    onSuccess: async ({ seen, change }) => {
      if (change) await done(change);
      else setPlan(seen);
    },
  });
  const wrong = refusals(save.error, stages);
  const refusal =
    wrong.size > 0 ? t("pipelines:look_at_stages") : generalRefusal(save.error, [], t("common:network"));
  return (
    // No form: those of its drawers would send it with them.
    <section aria-label={pipeline.name}>
      <Block
        title={
          entity.label_plural === pipeline.name ? pipeline.name : `${entity.label_plural}: ${pipeline.name}`
        }
        actions={
          <>
            <ActionIcon aria-label={t("pipelines:to_all")} onClick={onClose}>
              <IconArrowLeft size={18} />
            </ActionIcon>
            <PipelineActions
              pipeline={pipeline}
              siblings={siblings}
              disabled={dirty}
              onGone={(change) => {
                onClose();
                sayDone(change, t);
              }}
            />
            <Button loading={save.isPending} disabled={!dirty} onClick={() => save.mutate()}>
              {t("common:save")}
            </Button>
          </>
        }
      >
        <Stacked>
          {refusal && <FormProblem>{refusal}</FormProblem>}
          {dirty && (
            <Notice
              tone={outdated ? "warn" : "plain"}
              title={t(outdated ? "pipelines:outdated" : "pipelines:unsaved")}
              action={
                <Button variant="default" size="compact-sm" onClick={drop}>
                  {t("common:discard")}
                </Button>
              }
            >
              {t("pipelines:unsaved_text")}
            </Notice>
          )}
          <Left pipeline={pipeline} />
        </Stacked>
      </Block>
      <Stages
        stages={stages}
        wrong={wrong}
        onOpen={(stage) => setOpen({ stage, isNew: false })}
        onAdd={() => {
          const color = colors[stages.length % colors.length] ?? "#4c8dff";
          setOpen({ stage: freshStage(`new-${Date.now()}`, currentLocale(), "", color), isNew: true });
        }}
        onChange={put}
      />
      {open && (
        <Suspense>
          <StageForm
            key={open.stage.id}
            entity={entity}
            stage={open.stage}
            all={stages}
            errors={wrong.get(open.stage.id)}
            isNew={open.isNew}
            onClose={() => setOpen(undefined)}
            onDone={(stage) => {
              put(
                open.isNew ? placed(stages, stage) : stages.map((one) => (one.id === stage.id ? stage : one)),
              );
              setOpen(undefined);
            }}
          />
        </Suspense>
      )}
      {plan && (
        <SettleDialog
          title={t("pipelines:save_title", { name: pipeline.name })}
          confirm={t("common:save")}
          plan={plan}
          targets={targetsOf(stages, siblings, t("pipelines:this_pipeline"))}
          ask={(moveTo) => tryStages(pipeline.id, list(moveTo), pipeline.version)}
          act={(moveTo, preview) => saveStages(pipeline.id, list(moveTo, preview), pipeline.version)}
          onDone={(change) => void done(change)}
          onClose={() => setPlan(undefined)}
        />
      )}
    </section>
  );
}

type Say = TFunction<["pipelines", "common"]>;

/** Saved, and what became of records: they can be put back. */
function sayDone(change: PipelineChange, t: Say): void {
  const { batch, job, moves } = change;
  if (job?.state === "running") {
    toast({ message: t("pipelines:moving", { count: job.total }) });
    return;
  }
  const undo = () => {
    undoBatch(batch ?? "")
      .then(() => refreshPipelines())
      .catch((error: unknown) => toastError(error));
  };
  toast({
    kind: "done",
    message: moves > 0 ? t("pipelines:saved_moved", { count: moves }) : t("common:saved"),
    action: batch && moves > 0 ? { label: t("common:undo"), run: undo } : undefined,
  });
}

/** Stages that were taken away and have records still: said, with the way out. */
function Left({ pipeline }: { pipeline: PipelineConfig }) {
  const { t } = useTranslation("pipelines");
  if (pipeline.left.length === 0) return null;
  const names = pipeline.left.map(({ name, records }) => `${name} (${records})`).join(", ");
  return (
    <Notice tone="warn" title={t("left_title", { names })}>
      {t("left_text")}
    </Notice>
  );
}

interface StagesProps {
  stages: StageDraft[];
  wrong: Map<string, Record<string, string>>;
  onOpen(stage: StageDraft): void;
  onAdd(): void;
  onChange(stages: StageDraft[]): void;
}

function Stages({ stages, wrong, onOpen, onAdd, onChange }: StagesProps) {
  const { t } = useTranslation("pipelines");
  const ids = stages.map(({ id }) => id);
  return (
    <Block
      title={t("stages")}
      note={t("stages_note")}
      actions={
        <Button variant="default" aria-label={t("add_stage")} onClick={onAdd}>
          <IconText icon={<IconPlus size={16} />}>{t("add_stage")}</IconText>
        </Button>
      }
    >
      <OrderedList label={t("stages")}>
        {stages.map((stage) => {
          const name = nameOf(stage.label, currentLocale());
          return (
            <OrderedRow
              key={stage.id}
              testId={`stage-row-${stage.key ?? "new"}`}
              handle={
                <MoveHandle
                  id={stage.id}
                  title={name}
                  ids={ids}
                  onMove={(id, next, side) => onChange(moved(stages, id, next, side))}
                />
              }
              name={<StageName name={name} color={stage.color} semantic={stage.semantic} />}
              note={<Note stage={stage} />}
              wrong={wrong.has(stage.id) ? Object.values(wrong.get(stage.id) ?? {}).join(" ") : undefined}
              actions={
                <ActionIcon
                  aria-label={t("remove_stage", { name })}
                  onClick={() => onChange(stages.filter(({ id }) => id !== stage.id))}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              }
              onOpen={() => onOpen(stage)}
            />
          );
        })}
      </OrderedList>
    </Block>
  );
}

/** What a row says of a stage. */
function Note({ stage }: { stage: StageDraft }) {
  const { t } = useTranslation("pipelines");
  const span = spanOf(stage.duration);
  const rules = rulesOf(stage);
  const meaning = t(`meaning_${stage.semantic}`);
  const facts = [
    // Said once where the stage is called as what it means.
    meaning !== nameOf(stage.label, currentLocale()) && meaning,
    stage.probability !== null && stage.semantic === "open" && `${stage.probability} %`,
    span && `${formatNumber(span.amount)} ${t(`short_${span.unit}`)}`,
    rules > 0 && t("rules_count", { count: rules }),
    stage.records > 0 && t("records", { count: stage.records }),
  ];
  return facts.filter(Boolean).join(" · ");
}
