/** The fields a task asks for: the process's own and the subject's, kept as a draft until the task is finished. */
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { sameValue } from "@/api/save";
import { completeTask } from "@/api/tasks";
import type { Entity, Field, Fields, RecordData, Task } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import { type Form, useForm } from "@/engines/form/use-form";
import type { FormSource, Shape } from "@/engines/source";
import { FormFields } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { answersOf, type Blocker, blockersOf, fieldsOf, presetOf } from "./model";

export interface TaskFormState {
  fields: Field[];
  form: Form;
  answers: Fields;
  blockers: Blocker[];
  /** Pressed to finish and something was missing: it is named until it is mended. */
  asked: boolean;
  /** Completes the task, of an approval with its result; or says what is missing. */
  finish(result?: "approved" | "rejected", comment?: string): void;
}

const bare = {
  key: "task",
  label: "",
  label_plural: "",
  title_field: "",
  actions: {},
  fields: [],
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
} as unknown as Shape;

export function useTaskForm(
  task: Task,
  subject: Entity | undefined,
  record: RecordData | undefined,
): TaskFormState {
  const { t } = useTranslation(["tasks", "common"]);
  const [asked, setAsked] = useState(false);
  const outcome = useRef<{ result?: string; comment?: string }>({});
  const fields = useMemo(
    () => fieldsOf(task, subject, { yes: t("common:yes"), no: t("common:no") }),
    [task, subject, t],
  );
  const preset = useMemo(() => presetOf(task, record?.fields), [task, record]);
  const source: FormSource = {
    key: `task.${task.id}`,
    shape: subject ?? bare,
    fields,
    preset,
    refs: record?.refs ?? {},
    submit: async (values) => {
      const { result, comment } = outcome.current;
      const variables = answersOf(task, values, preset, sameValue);
      const done = await completeTask(task.id, {
        variables,
        result: result as never,
        comment: comment || null,
        // Whoever gave it looks at it first.
        acceptance: true,
      });
      return { id: done.id, version: done.version, entity: "task", fields: {} };
    },
  };
  const form = useForm(source, {
    onDone: () => toast({ message: t("tasks:finished", { title: task.title }), kind: "done" }),
  });
  const blockers = blockersOf(task, fields, form.values);
  return {
    fields,
    form,
    answers: answersOf(task, form.values, preset, sameValue),
    blockers,
    asked: asked && blockers.length > 0,
    finish(result, comment) {
      outcome.current = { result, comment };
      setAsked(true);
      if (blockers.length === 0) form.submit();
    },
  };
}

interface Props {
  task: Task;
  form: TaskFormState;
  subject: Entity | undefined;
  record: RecordData | undefined;
}

export function TaskForm({ task, form: state, subject, record }: Props) {
  const { t } = useTranslation(["tasks", "common"]);
  const { form, fields } = state;
  const closed = task.state !== "open";
  return (
    <form
      aria-label={t("tasks:fields")}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        state.finish();
      }}
    >
      <fieldset disabled={closed} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <FormFields>
          {form.problem && <FormProblem>{messageOf(form.problem, t("common:network"))}</FormProblem>}
          {fields.map((field) => (
            <div key={field.key} data-task-field={field.key}>
              <FieldEditor
                entity={subject ?? bare}
                field={field}
                label={field.required ? `${field.label} *` : field.label}
                value={form.values[field.key] ?? null}
                refs={{ ...record?.refs, ...form.draft.refs }}
                fields={record?.fields}
                error={form.reasonFor(field.key)}
                onChange={(value, refs) => form.change(field.key, value, refs)}
              />
            </div>
          ))}
        </FormFields>
      </fieldset>
    </form>
  );
}
