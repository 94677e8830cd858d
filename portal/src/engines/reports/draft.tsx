/** A dashboard being arranged: what is not saved yet stays in this tab. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { saveDashboard } from "@/api/dashboards";
import { keys } from "@/api/keys";
import { messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import type { Dashboard, DashboardCard } from "@/api/reports-wire";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { Buttons, Hint, Notice } from "@/ui/block";
import { toast } from "@/ui/toast";
import { DashboardEditor } from "./board-editor";
import { draftKey } from "./draft-key";
import { inputOf } from "./edit-cards";

interface Props {
  dashboard: Dashboard;
  /** Beside the buttons: what else can be done. */
  extra?: ReactNode;
  onEnd(): void;
}

export default function DashboardDraft({ dashboard, extra, onEnd }: Props) {
  const { t } = useTranslation(["reports", "common"]);
  const key = draftKey(dashboard);
  const [cards, setCards] = useState(() => readDraft<DashboardCard[]>(key) ?? dashboard.cards);
  const change = (next: DashboardCard[]) => {
    setCards(next);
    keepDraft(key, next);
  };
  const end = () => {
    dropDraft(key);
    onEnd();
  };
  const save = useMutation({
    mutationFn: () => saveDashboard(dashboard, inputOf(dashboard, cards)),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      end();
    },
    // Somebody else was faster: the next attempt goes over what stands there now.
    onError: () => queryClient.invalidateQueries({ queryKey: keys.dashboards }),
  });
  return (
    <>
      {save.error && (
        <Notice tone="danger" title={t("reports:dashboard_not_saved")}>
          {messageOf(save.error, t("common:network"))}
        </Notice>
      )}
      <Buttons>
        <Button loading={save.isPending} onClick={() => save.mutate()}>
          {t("common:save")}
        </Button>
        <Button variant="default" onClick={end}>
          {t("common:cancel")}
        </Button>
        {extra}
        <Hint>{t("reports:card_move_hint")}</Hint>
      </Buttons>
      <div style={{ height: 16 }} />
      <DashboardEditor cards={cards} onChange={change} />
    </>
  );
}
