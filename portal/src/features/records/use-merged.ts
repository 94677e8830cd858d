/** After a merge: everything is asked again, and it can be undone. */
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import type { Merged } from "@/api/merge";
import { queryClient } from "@/api/query-client";
import { undoBatch } from "@/api/records";
import type { Entity, Id } from "@/api/types";
import { toast, toastError } from "@/ui/toast";

export function useMerged(entity: Entity) {
  const { t } = useTranslation(["records", "common"]);
  const refresh = () => {
    // Records of any kind point elsewhere now.
    void queryClient.invalidateQueries();
  };
  const undo = async (batch: Id) => {
    try {
      const { kept_total: kept } = await undoBatch(batch);
      toast({
        message: kept ? t("records:merged_undone_kept", { count: kept }) : t("records:merged_undone"),
      });
    } catch (error) {
      toastError(error);
    }
    refresh();
  };
  return (done: Merged, into: Id, title: string) => {
    void queryClient.invalidateQueries({ queryKey: keys.record(entity.key, into) });
    refresh();
    const stayed = Object.values(done.stayed ?? {}).reduce((sum, count) => sum + count, 0);
    const { batch } = done;
    toast({
      message: [
        t("records:merged", { title }),
        ...(stayed ? [t("records:merged_stayed", { count: stayed })] : []),
      ].join(". "),
      ...(batch && { action: { label: t("common:undo"), run: () => void undo(batch) } }),
      stay: 20_000,
    });
  };
}
