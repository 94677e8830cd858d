/** A calendar is about to be saved and deadlines are open that it would move: whether they stay or are counted anew. */
import { Button, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { saveCalendar } from "@/api/calendars";
import { messageOf } from "@/api/problem";
import type { Body, Calendar } from "@/api/types";
import { useNames } from "@/engines/titles";
import { formatDateTime, formatNumber } from "@/i18n/format";
import { Hint, Meter } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { Reason, Reasons } from "@/ui/migration";
import { FormProblem } from "@/ui/sign-in";
import { useFocusBack } from "@/ui/use-focus-back";
import { WorkStack } from "@/ui/work";

interface Props {
  of: string;
  calendar: Calendar | null;
  preview: Body<"CalendarPreview">;
  onSaved(calendar: Calendar | null, moved: number): void;
  onClose(): void;
}

export default function CalendarAsk({ of, calendar, preview, onSaved, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["watch", "common"]);
  const names = useNames();
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  const save = useMutation({
    mutationFn: (open: "keep" | "recompute") => saveCalendar(of, calendar, open, setProgress),
    onSuccess: (moved) => onSaved(calendar, moved),
    onSettled: () => setProgress(undefined),
  });
  const { moved, complete, examples } = preview;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("watch:calendar_ask")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <WorkStack>
        <Hint>{t("watch:calendar_ask_text")}</Hint>
        <Reasons
          title={t(complete ? "watch:calendar_would_move" : "watch:calendar_would_move_more", {
            count: moved,
          })}
        >
          {examples.map(({ task, title, assignee, due, then }) => (
            <Reason
              key={task}
              name={title}
              text={(assignee && names.get(assignee)) ?? ""}
              count={`${formatDateTime(due)} → ${formatDateTime(then)}`}
            />
          ))}
        </Reasons>
        {save.error && <FormProblem>{messageOf(save.error, t("common:network"))}</FormProblem>}
        {progress && (
          <Meter
            label={t("watch:calendar_moving")}
            text={`${formatNumber(progress.done)} / ${formatNumber(progress.total)}`}
            share={progress.total > 0 ? progress.done / progress.total : 0}
          />
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            variant="default"
            loading={save.isPending && save.variables === "keep"}
            disabled={save.isPending}
            onClick={() => save.mutate("keep")}
          >
            {t("watch:calendar_keep")}
          </Button>
          <Button
            data-autofocus
            loading={save.isPending && save.variables === "recompute"}
            disabled={save.isPending}
            onClick={() => save.mutate("recompute")}
          >
            {t("watch:calendar_recompute")}
          </Button>
        </FormActions>
      </WorkStack>
    </Modal>
  );
}
