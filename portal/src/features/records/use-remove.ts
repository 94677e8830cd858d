/** Deleting a record: at once, with a way back, never asked twice. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { removeRecord } from "@/api/record-pages";
import { deleteRecord, putRecord, type RecordPages, refreshAround, restoreRecord } from "@/api/records";
import type { Entity, RecordData } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import { forget } from "@/state/history";
import { toast, toastError } from "@/ui/toast";

export function useRemove(entity: Entity): (record: RecordData) => Promise<boolean> {
  const { t } = useTranslation(["board", "common", "fields"]);
  return useCallback(
    async (record) => {
      const title = titleOf(entity, record.fields, t("fields:untitled"));
      try {
        await deleteRecord(entity.key, record.id);
      } catch (error) {
        toastError(error, title);
        return false;
      }
      queryClient.setQueriesData<RecordPages>({ queryKey: keys.records(entity.key) }, (pages) =>
        pages?.pages ? removeRecord(pages, record.id) : pages,
      );
      queryClient.removeQueries({ queryKey: keys.record(entity.key, record.id) });
      forget(record.id);
      refreshAround(entity.key);
      const back = async () => {
        try {
          putRecord(await restoreRecord(entity.key, record.id));
          void queryClient.invalidateQueries({ queryKey: keys.records(entity.key) });
          refreshAround(entity.key, record.id);
        } catch (error) {
          toastError(error, title);
        }
      };
      toast({
        message: t("board:deleted", { title }),
        action: { label: t("common:undo"), run: () => void back() },
      });
      return true;
    },
    [entity, t],
  );
}
