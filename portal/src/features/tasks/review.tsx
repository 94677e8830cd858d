/** A task that was done waits for whoever gave it: a mark and yes, or back with what is still to be done. */
import { Button, Select } from "@mantine/core";
import { IconArrowBackUp, IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { acceptTask } from "@/api/tasks";
import type { Task } from "@/api/types";
import { toast, toastError } from "@/ui/toast";
import { FootButtons, Hint, WorkFoot } from "@/ui/work";
import { TaskDialog } from "./dialogs";

const marks = ["5", "4", "3", "2", "1"];

export function Review({ task, may }: { task: Task; may: boolean }) {
  const { t } = useTranslation("tasks");
  const [mark, setMark] = useState<string | null>(null);
  const [back, setBack] = useState(false);
  const accept = useMutation({
    mutationFn: () => acceptTask(task.id, mark ? Number(mark) : null),
    onSuccess: () => toast({ message: t("accepted"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  return (
    <WorkFoot>
      <Hint>{t(may ? "review_ask" : "review_waits")}</Hint>
      {may && (
        <FootButtons>
          <Select
            aria-label={t("mark")}
            placeholder={t("mark")}
            clearable
            clearButtonProps={{ "aria-label": t("mark_none") }}
            w={140}
            data={marks}
            value={mark}
            onChange={setMark}
          />
          <Button
            leftSection={<IconCheck size={16} />}
            onClick={() => accept.mutate()}
            loading={accept.isPending}
          >
            {t("accept")}
          </Button>
          <Button variant="default" leftSection={<IconArrowBackUp size={16} />} onClick={() => setBack(true)}>
            {t("return_do")}
          </Button>
        </FootButtons>
      )}
      {back && <TaskDialog asked="return" task={task} onClose={() => setBack(false)} />}
    </WorkFoot>
  );
}
