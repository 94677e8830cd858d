/** The small steps of a task: ticked at once, taken back when the server refuses. */
import { ActionIcon, Button, Checkbox, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { changeChecklist } from "@/api/tasks";
import type { Body, Task } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { SideBySide } from "@/ui/field";
import { FormWide } from "@/ui/form";
import { toastError } from "@/ui/toast";
import { CheckRows } from "@/ui/work";

type Step = Task["checklist"][number];

const none = { add: [], check: [], uncheck: [], remove: [] };

export function Checklist({ task, readOnly }: { task: Task; readOnly: boolean }) {
  const { t } = useTranslation(["tasks", "common"]);
  const place = `task-check.${task.id}`;
  const [text, setText] = useState(() => readDraft<string>(place) ?? "");
  const change = useMutation({
    mutationFn: (input: Partial<Body<"ChecklistChange">>) => changeChecklist(task.id, { ...none, ...input }),
    onError: (error) => {
      setPressed(new Map());
      toastError(error);
    },
  });
  // What was pressed stands at once, until the step comes anew: a mutation is told of a moment later than the press.
  const [pressed, setPressed] = useState<ReadonlyMap<Step, boolean>>(new Map());
  const press = (step: Step, done: boolean) => {
    setPressed((before) => new Map(before).set(step, done));
    change.mutate(done ? { check: [step.id] } : { uncheck: [step.id] });
  };
  const add = useMutation({
    mutationFn: (sent: string) => changeChecklist(task.id, { ...none, add: [sent.trim()] }),
    onSuccess: (_, sent) => {
      setText((now) => (now === sent ? "" : now));
      dropDraft(place);
    },
  });
  return (
    <>
      <CheckRows>
        {task.checklist.map((item) => (
          <li key={item.id}>
            <Checkbox
              label={item.text}
              disabled={readOnly}
              checked={pressed.get(item) ?? item.done}
              onChange={(event) => press(item, event.currentTarget.checked)}
            />
            {!readOnly && (
              <ActionIcon
                aria-label={t("tasks:check_remove", { text: item.text })}
                onClick={() => change.mutate({ remove: [item.id] })}
              >
                <IconX size={14} />
              </ActionIcon>
            )}
          </li>
        ))}
      </CheckRows>
      {!readOnly && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() && !add.isPending) add.mutate(text);
          }}
        >
          <SideBySide>
            <FormWide>
              <TextInput
                aria-label={t("tasks:check_add")}
                placeholder={t("tasks:check_add")}
                value={text}
                error={add.error ? messageOf(add.error, t("common:network")) : undefined}
                onChange={(event) => {
                  const typed = event.currentTarget.value;
                  setText(typed);
                  if (typed) keepDraft(place, typed);
                  else dropDraft(place);
                }}
              />
            </FormWide>
            {text.trim() && (
              <Button type="submit" variant="default" loading={add.isPending}>
                {t("common:add")}
              </Button>
            )}
          </SideBySide>
        </form>
      )}
    </>
  );
}
