/** How saving stands, in words: never "saved" before the server said so. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { SaveWords } from "@/ui/designer";
import type { SaveState } from "./autosave";

export function Saving({ state, onDecide }: { state: SaveState; onDecide(): void }) {
  const { t } = useTranslation(["drawings", "common"]);
  switch (state.at) {
    case "saved":
      return <SaveWords tone="plain">{t("drawings:save_saved")}</SaveWords>;
    case "changed":
      return <SaveWords tone="plain">{t("drawings:save_changed")}</SaveWords>;
    case "saving":
      return <SaveWords tone="plain">{t("drawings:save_saving")}</SaveWords>;
    case "offline":
      return <SaveWords tone="wait">{t("drawings:save_offline")}</SaveWords>;
    case "taken":
      return <SaveWords tone="wait">{t("drawings:save_taken")}</SaveWords>;
    case "refused":
      return (
        <SaveWords tone="late">
          {t("drawings:save_refused", { reason: messageOf(state.error, t("common:network")) })}
        </SaveWords>
      );
    case "conflict":
      return (
        <>
          <SaveWords tone="late">{t("drawings:save_conflict")}</SaveWords>
          <Button size="compact-sm" variant="default" onClick={onDecide}>
            {t("drawings:decide")}
          </Button>
        </>
      );
  }
}
