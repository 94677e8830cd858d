/** What is asked before a document takes a step that has no way back. */
import { Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { reviseQuote, takeStep, voidInvoice } from "@/api/documents";
import { messageOf } from "@/api/problem";
import type { Entity, RecordData } from "@/api/types";
import { Confirm } from "@/ui/confirm";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { numbers, type Step } from "./acts";
import { changed, useOpenMade } from "./use-opened";

const most = 255;

interface Props {
  record: RecordData;
  onClose(): void;
}

function Refusal({ error }: { error: unknown }) {
  const { t } = useTranslation("common");
  return error ? <FormProblem>{messageOf(error, t("network"))}</FormProblem> : null;
}

export function StepDialog({ entity, record, step, onClose }: Props & { entity: Entity; step: Step }) {
  const { t } = useTranslation(["documents", "common"]);
  const run = useMutation({
    mutationFn: () => takeStep(entity.key, record.id, record.version, step),
    onSuccess: (after) => {
      changed(after);
      onClose();
      const number = String(after.fields.document_number ?? "");
      toast({
        message: numbers(step) ? t("documents:numbered", { number }) : t("documents:step_done"),
        kind: "done",
      });
    },
  });
  return (
    <Confirm
      title={t(`documents:ask_${step}`)}
      text={t(`documents:ask_${step}_text`)}
      yes={t(`documents:do_${step}`)}
      no={t("documents:not_now")}
      close={t("common:close")}
      danger={step === "cancel" || step === "decline"}
      pending={run.isPending}
      problem={<Refusal error={run.error} />}
      onYes={() => run.mutate()}
      onNo={onClose}
    />
  );
}

export function ReviseDialog({ record, onClose }: Props) {
  const { t } = useTranslation(["documents", "common"]);
  const open = useOpenMade();
  const run = useMutation({
    mutationFn: () => reviseQuote(record.id),
    onSuccess: (made) => {
      onClose();
      open(made);
    },
  });
  return (
    <Confirm
      title={t("documents:ask_revise")}
      text={t("documents:ask_revise_text")}
      yes={t("documents:do_revise")}
      no={t("documents:not_now")}
      close={t("common:close")}
      pending={run.isPending}
      problem={<Refusal error={run.error} />}
      onYes={() => run.mutate()}
      onNo={onClose}
    />
  );
}

export function VoidDialog({ record, onClose }: Props) {
  const { t } = useTranslation(["documents", "common"]);
  const [reason, setReason] = useState("");
  const run = useMutation({
    mutationFn: () => voidInvoice(record.id, reason.trim()),
    onSuccess: (after) => {
      changed(after);
      onClose();
      toast({ message: t("documents:voided"), kind: "done" });
    },
  });
  return (
    <FormDrawer
      title={t("documents:ask_void")}
      submit={t("documents:do_void")}
      pending={run.isPending}
      error={run.error}
      fields={["void_reason"]}
      values={reason}
      onClose={onClose}
      onSubmit={() => run.mutate()}
    >
      <FormNote>{t("documents:ask_void_text")}</FormNote>
      <Textarea
        label={t("documents:void_reason")}
        withAsterisk
        autosize
        minRows={2}
        maxLength={most}
        data-autofocus
        value={reason}
        error={fieldRefusal(run.error, "void_reason")}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormDrawer>
  );
}
