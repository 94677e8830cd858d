/** What a task asks for before something is done: the letter, to whom it goes, why it is cancelled. All are drafts. */
import { Drawer } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { actOnTask, cancelTask, delegateTask, returnTask } from "@/api/tasks";
import type { Field, Fields, FieldType, RecordData, Task } from "@/api/types";
import { FormBody } from "@/engines/form/form";
import type { FormSource, Shape } from "@/engines/source";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { addressesOf } from "./model";

export type Asked = "letter" | "call" | "meeting" | "delegate" | "cancel" | "return";

const shape = {
  key: "task",
  label: "",
  label_plural: "",
  title_field: "",
  actions: { read: true, create: true, update: true, delete: false },
  fields: [],
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
} as unknown as Shape;

const fieldOf = (key: string, type: FieldType, label: string, required = false) =>
  ({ key, type, label, required, read_only: false, system: false, own: false }) as Field;

const asRecord = (task: Task): RecordData => ({
  id: task.id,
  version: task.version,
  entity: "task",
  fields: {},
});

const textOf = (value: unknown) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

function sourceOf(asked: Asked, task: Task, t: (key: string) => string): FormSource {
  const make = (fields: Field[], preset: Fields, send: (values: Fields, key: string) => Promise<Task>) => ({
    key: `task.${asked}.${task.id}`,
    shape,
    fields,
    preset,
    refs: {},
    submit: (values: Fields, key: string) => send(values, key).then(asRecord),
  });
  const note = fieldOf("note", "long_text", t("note"));
  if (asked === "delegate") {
    return make([fieldOf("to", "user", t("delegate_to"), true), note], {}, ({ to, note }) =>
      delegateTask(task.id, String(to ?? ""), String(note ?? "")),
    );
  }
  if (asked === "return") {
    const why = fieldOf("note", "long_text", t("return_note"), true);
    return make([why], {}, ({ note }) => returnTask(task.id, String(note ?? "")));
  }
  if (asked === "cancel") {
    return make([note], {}, ({ note }) => cancelTask(task.id, String(note ?? "")));
  }
  if (asked === "call" || asked === "meeting") return make(...activity(asked, task, t));
  const { to, cc, subject, text } = (task.main_action?.parameters ?? {}) as Fields;
  return make(
    [
      fieldOf("to", "text", t("letter_to"), true),
      fieldOf("cc", "text", t("letter_cc")),
      fieldOf("subject", "text", t("letter_subject"), true),
      fieldOf("text", "long_text", t("letter_text"), true),
    ],
    { to: textOf(to), cc: textOf(cc), subject: textOf(subject), text: textOf(text) },
    (values, key) =>
      actOnTask(
        task.id,
        {
          kind: "email",
          to: addressesOf(values.to),
          cc: addressesOf(values.cc),
          subject: textOf(values.subject),
          text: textOf(values.text),
        },
        key,
      ),
  );
}

/** A call or a meeting: what came out of it, or when it will be. */
function activity(
  kind: "call" | "meeting",
  task: Task,
  t: (key: string) => string,
): [Field[], Fields, (values: Fields, key: string) => Promise<Task>] {
  const fields = [
    fieldOf("result", "long_text", t(`${kind}_result`)),
    ...(task.main_action?.state === "made" ? [] : [fieldOf("starts_at", "datetime", t(`${kind}_when`))]),
  ];
  return [
    fields,
    {},
    ({ result, starts_at }, key) => {
      const told = textOf(result).trim();
      const done = told ? { result: told, done: true } : {};
      return actOnTask(task.id, { kind, fields: { ...(starts_at ? { starts_at } : {}), ...done } }, key);
    },
  ];
}

export function TaskDialog({ asked, task, onClose }: { asked: Asked; task: Task; onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["tasks", "common"]);
  const source = useMemo(
    () => sourceOf(asked, task, (key) => t(`tasks:${key}` as "tasks:note")),
    [asked, task, t],
  );
  const title = t(`tasks:${asked}_title`);
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={520}
      title={title}
      closeButtonProps={{ "aria-label": t("common:close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <FormBody
        source={source}
        label={title}
        action={t(`tasks:${asked}_do`)}
        onDone={() => {
          onClose();
          toast({ message: t(`tasks:${asked}_done`), kind: "done" });
        }}
      />
    </Drawer>
  );
}
