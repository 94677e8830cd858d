/** The stage bar of a record: where it stands, and a press to move it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { messageOf, needsConversion } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { moveToStage, putRecord, refreshAround, stoodQuery } from "@/api/records";
import type { Entity, RecordData, Value } from "@/api/types";
import { fieldOf, pipelineOf } from "@/engines/fields/text";
import { formatDateTime } from "@/i18n/format";
import { explainRefusal } from "@/state/refused";
import { StageBar } from "@/ui/stage-bar";
import { toast } from "@/ui/toast";

export interface StageMove {
  to(stage: string): void;
  /** Where the record is going; shown before the server answers. */
  pending?: string;
  problem?: string;
}

export function useStageMove(entity: Entity, record: RecordData): StageMove {
  const { t } = useTranslation(["board", "common"]);
  const [pending, setPending] = useState<string>();
  const [problem, setProblem] = useState<string>();

  const to = (stage: string) => {
    const from = String(record.fields.stage);
    if (stage === from || pending) return;
    setPending(stage);
    setProblem(undefined);
    const go = async (target: string) => {
      const answer = await moveToStage(entity.key, record.id, target);
      putRecord(answer);
      void queryClient.invalidateQueries({ queryKey: keys.columns(entity.key) });
      refreshAround(entity.key, record.id);
    };
    const name = (key: string) =>
      pipelineOf(entity, record.fields.pipeline)?.stages.find((one) => one.key === key)?.name ?? key;
    go(stage)
      .then(() =>
        toast({
          message: t("board:moved", { stage: name(stage) }),
          action: {
            label: t("common:undo"),
            run: () => {
              go(from).catch((error: unknown) => setProblem(messageOf(error, t("common:network"))));
            },
          },
        }),
      )
      .catch((error: unknown) => {
        if (!needsConversion(error)) setProblem(messageOf(error, t("common:network")));
        explainRefusal(entity.key, record.id, stage, error);
      })
      .finally(() => setPending(undefined));
  };
  return { to, pending, problem };
}

/** Until when it may stand there, as its field is called. */
function dueOf(entity: Entity, due: Value, overdue: string): { text: string; late: boolean } | undefined {
  if (typeof due !== "string") return undefined;
  const late = Date.parse(due) < Date.now();
  const label = late ? overdue : (fieldOf(entity, "stage_due")?.label ?? "");
  return { text: `${label}: ${formatDateTime(due)}`, late };
}

export function CardStages({
  entity,
  record,
  move,
}: {
  entity: Entity;
  record: RecordData;
  move: StageMove;
}) {
  const { t } = useTranslation(["card", "board"]);
  const stood = useQuery(stoodQuery(entity.key, record.id)).data;
  const pipeline =
    pipelineOf(entity, record.fields.pipeline) ??
    entity.pipelines.find((one) => one.stages.some((stage) => stage.key === record.fields.stage));
  if (!pipeline) return null;
  const stages = [...pipeline.stages].sort((left, right) => left.sort - right.sort);
  return (
    <StageBar
      label={t("card:stages")}
      nextLabel={(stage) => t("card:to_stage", { stage })}
      allLabel={t("card:all_stages")}
      passedLabel={(stage) => t("card:stage_passed", { stage })}
      skippedLabel={(stage) => t("card:stage_skipped", { stage })}
      stages={stages}
      stood={stood}
      current={move.pending ?? String(record.fields.stage)}
      disabled={!entity.actions.update || Boolean(record.fields.deleted_at)}
      problem={move.problem}
      due={dueOf(entity, record.fields.stage_due, t("board:overdue"))}
      onMove={move.to}
    />
  );
}
