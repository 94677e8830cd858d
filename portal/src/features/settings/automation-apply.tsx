/** The rule as it is kept, on the records that fit it now: counted first, then done, with a way back. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { undoBatch } from "@/api/records";
import type { Id } from "@/api/types";
import { Buttons, Hint, Notice, Stacked } from "@/ui/block";
import { progressToast, toast, toastError } from "@/ui/toast";
import { type Applied, applyAutomation, countFitting } from "./automation-api";

export function Apply({ rule }: { rule: Id }) {
  const { t } = useTranslation(["automation", "common"]);
  const count = useMutation({ mutationFn: () => countFitting(rule) });
  const undo = async ({ batch }: Applied) => {
    const note = progressToast((done, total) => t("common:undoing", { done, total }));
    try {
      const { restored } = await undoBatch(batch, note.show);
      toast({ message: t("automation:apply_undone", { count: restored }) });
    } catch (error) {
      toastError(error);
    }
    note.hide();
  };
  const apply = useMutation({
    mutationFn: async () => {
      const note = progressToast((done, total) => t("automation:applying", { done, total }));
      return applyAutomation(rule, note.show).finally(note.hide);
    },
    onSuccess: (applied) => {
      count.reset();
      void queryClient.invalidateQueries({ queryKey: ["automations", "runs"] });
      toast({
        message: t("automation:applied", { count: applied.begun }),
        action: { label: t("common:undo"), run: () => void undo(applied) },
        stay: 15_000,
      });
    },
  });
  const error = apply.error ?? count.error;
  const fitting = count.data?.fitting ?? 0;
  return (
    <Stacked>
      <Hint>{t("automation:apply_note")}</Hint>
      {error && <Notice tone="danger">{messageOf(error, t("common:network"))}</Notice>}
      {count.data?.truncated && <Notice>{t("automation:truncated")}</Notice>}
      <Buttons>
        <Button variant="default" loading={count.isPending} onClick={() => count.mutate()}>
          {t("automation:apply_count")}
        </Button>
        {count.data && (
          <Button
            disabled={fitting === 0}
            loading={apply.isPending}
            onClick={() => apply.mutate()}
            data-testid="apply"
          >
            {t("automation:apply_now", { count: fitting })}
          </Button>
        )}
      </Buttons>
    </Stacked>
  );
}
