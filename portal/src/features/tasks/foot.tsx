/** What to do with the task now. Finish is never grey: it names what is missing and offers the way. */
import { Button, Menu, Textarea } from "@mantine/core";
import { IconCheck, IconDots, IconMail, IconPencil, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { useEntities, useEntity, useMe } from "@/api/session";
import { actOnTask, claimTask, releaseTask } from "@/api/tasks";
import type { Task } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { FormProblem } from "@/ui/sign-in";
import { toast, toastError } from "@/ui/toast";
import { FootButtons, FootGap, Hint, Missing, StateMark, WorkFoot } from "@/ui/work";
import { type Asked, TaskDialog } from "./dialogs";
import type { TaskFormState } from "./form";
import { abilitiesOf, type Blocker } from "./model";
import { Review } from "./review";

interface Props {
  task: Task;
  form: TaskFormState;
  /** The form comes into view. */
  onForm(): void;
}

export function TaskFoot({ task, form, onForm }: Props) {
  const { t } = useTranslation(["tasks", "common"]);
  const me = useMe();
  const may = abilitiesOf(task, me);
  // The title, the deadline, the words: on its card as a record.
  const editable = useEntity("task")?.actions.update ?? false;
  const [dialog, setDialog] = useState<Asked>();
  const missing = useRef<HTMLDivElement>(null);
  const action = useMainAction(task, setDialog);
  useEffect(() => {
    if (form.asked) missing.current?.scrollIntoView({ block: "nearest" });
  }, [form.asked]);
  const claim = useMutation({ mutationFn: () => claimTask(task.id), onError: (error) => toastError(error) });
  const release = useMutation({
    mutationFn: () => releaseTask(task.id),
    onSuccess: () => toast({ message: t("tasks:released") }),
    onError: (error) => toastError(error),
  });
  const approval = task.main_action?.kind === "approve" && !task.main_action.done;
  const problem = form.form.problem && task.form.length === 0 ? form.form.problem : undefined;
  const toField = (field: string) => {
    onForm();
    // The tab is drawn first.
    requestAnimationFrame(() => {
      const place = document.querySelector(`[data-task-field="${CSS.escape(field)}"]`);
      place?.scrollIntoView({ block: "center" });
      place?.querySelector<HTMLElement>("input, textarea, button")?.focus();
    });
  };
  const items = form.blockers.map((blocker) => ({
    key: blocker.field ?? blocker.code,
    text: textOf(blocker, task, t),
    fix:
      blocker.code === "field" ? (
        <Button size="compact-sm" variant="default" onClick={() => toField(blocker.field ?? "")}>
          {t("tasks:fill")}
        </Button>
      ) : blocker.code === "action" && may.act ? (
        <Button size="compact-sm" variant="default" onClick={action.run} loading={action.pending}>
          {action.label}
        </Button>
      ) : undefined,
  }));
  if (task.state === "review") return <Review task={task} may={may.review} />;
  if (task.state !== "open") return null;
  return (
    <WorkFoot>
      {form.asked && <Missing ref={missing} title={t("tasks:missing")} items={items} />}
      {problem && <FormProblem>{messageOf(problem, t("common:network"))}</FormProblem>}
      <ActionState task={task} />
      {may.act && approval ? (
        <Approval task={task} form={form} />
      ) : (
        !may.act && !may.claim && <Hint>{t("tasks:not_yours")}</Hint>
      )}
      <FootButtons>
        {may.claim && (
          <Button onClick={() => claim.mutate()} loading={claim.isPending}>
            {t("tasks:claim")}
          </Button>
        )}
        {may.act && action.shown && (
          <Button
            variant={may.claim || task.main_action?.done ? "default" : "filled"}
            leftSection={task.main_action?.kind === "email" ? <IconMail size={16} /> : undefined}
            onClick={action.run}
            loading={action.pending}
          >
            {action.label}
          </Button>
        )}
        {may.act && !approval && (
          <Button
            variant={may.claim || (action.shown && !task.main_action?.done) ? "default" : "filled"}
            leftSection={<IconCheck size={16} />}
            onClick={() => form.finish()}
            loading={form.form.pending}
          >
            {t("tasks:finish")}
          </Button>
        )}
        <FootGap />
        {may.delegate && (
          <Button variant="default" onClick={() => setDialog("delegate")}>
            {t("tasks:delegate")}
          </Button>
        )}
        {may.release && (
          <Button variant="default" onClick={() => release.mutate()} loading={release.isPending}>
            {t("tasks:release")}
          </Button>
        )}
        {(may.cancel || editable) && (
          <Menu position="top-end">
            <Menu.Target>
              <Button variant="default" aria-label={t("tasks:more")}>
                <IconDots size={16} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {editable && (
                <Menu.Item
                  leftSection={<IconPencil size={16} />}
                  renderRoot={(props) => (
                    <Link to="/records/$entity/$id" params={{ entity: "task", id: task.id }} {...props} />
                  )}
                >
                  {t("tasks:edit")}
                </Menu.Item>
              )}
              {may.cancel && (
                <Menu.Item leftSection={<IconX size={16} />} onClick={() => setDialog("cancel")}>
                  {t("tasks:cancel")}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </FootButtons>
      {dialog && <TaskDialog asked={dialog} task={task} onClose={() => setDialog(undefined)} />}
    </WorkFoot>
  );
}

type Translate = ReturnType<typeof useTranslation<["tasks", "common"]>>["t"];

function textOf(blocker: Blocker, task: Task, t: Translate): string {
  if (blocker.code === "field") return t("tasks:missing_field", { label: blocker.label });
  if (blocker.code === "sending") return t("tasks:missing_sending");
  switch (task.main_action?.kind) {
    case "email":
      return t("tasks:missing_email");
    case "acknowledge":
      return t("tasks:missing_acknowledge");
    case "call":
    case "meeting":
      return t(`tasks:missing_${task.main_action.kind}`);
    case "quote":
    case "invoice":
      return t(`tasks:missing_${task.main_action.kind}${task.main_action.state === "made" ? "_draft" : ""}`);
    default:
      return t("tasks:missing_action");
  }
}

/** What a main action leaves behind: the record that was made, and where it is shown. */
function madeOf(task: Task): { entity: string; id: string } | undefined {
  const { result, state, done } = task.main_action ?? {};
  const { entity, id } = (result ?? {}) as { entity?: unknown; id?: unknown };
  return (done || state === "made") && typeof entity === "string" && typeof id === "string"
    ? { entity, id }
    : undefined;
}

/** The button of the main action: a letter, a call, a meeting open, a document is drafted and shown, the rest is done at once. */
function useMainAction(task: Task, onAsk: (asked: Asked) => void) {
  const { t } = useTranslation("tasks");
  const entities = useEntities();
  const action = task.main_action;
  const kind = action?.kind ?? "";
  const [key, setKey] = useState(newKey);
  const navigate = useNavigate();
  const draft = kind === "quote" || kind === "invoice";
  const open = (of: Task) => {
    const drafted = draft && madeOf(of);
    if (drafted) void navigate({ to: "/records/$entity/$id", params: drafted });
  };
  const act = useMutation({
    mutationFn: () => actOnTask(task.id, { kind }, key),
    onSuccess: (changed) => {
      setKey(newKey());
      open(changed);
    },
    onError: (error) => {
      setKey(newKey());
      toastError(error);
    },
  });
  const made = String(action?.parameters.entity ?? "");
  const labels: Record<string, string> = {
    email: t("letter_write"),
    acknowledge: t("acknowledge"),
    call: t("call_write"),
    meeting: t("meeting_write"),
    quote: t(action?.state === "made" ? "quote_open" : "quote_make"),
    invoice: t(action?.state === "made" ? "invoice_open" : "invoice_make"),
    "set-fields": t("set_fields"),
    "create-record": t("create_record", {
      entity: entities.find((one) => one.key === made)?.label ?? made,
    }),
  };
  const done = action?.done ?? false;
  const sending = action?.state === "queued";
  return {
    shown: kind !== "" && kind !== "form" && kind !== "approve" && !done && !sending,
    label: labels[kind] ?? t("do_action"),
    pending: act.isPending,
    run: () => {
      if (kind === "email") onAsk("letter");
      else if (kind === "call" || kind === "meeting") onAsk(kind);
      else if (draft && action?.state === "made") open(task);
      else act.mutate();
    },
  };
}

/** What became of the main action. */
function ActionState({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const action = task.main_action;
  if (!action || action.kind === "form") return null;
  if (action.done) {
    return (
      <span>
        <StateMark tone="done" icon={<IconCheck size={12} aria-hidden />}>
          {action.kind === "email" ? t("letter_sent") : t("action_done")}
        </StateMark>
        <MadeLink task={task} />
      </span>
    );
  }
  if (action.state === "queued") {
    return (
      <span>
        <StateMark tone="wait">{t("letter_queued")}</StateMark>
      </span>
    );
  }
  if (action.state === "made") {
    return (
      <span>
        <StateMark tone="wait">
          {t(action.kind === "quote" || action.kind === "invoice" ? "made_draft" : "made_planned")}
        </StateMark>
        <MadeLink task={task} />
      </span>
    );
  }
  if (!action.state) return null;
  return (
    <FormProblem>
      {t(action.state === "unsure" ? "letter_unsure" : "letter_failed", { reason: action.problem ?? "" })}
    </FormProblem>
  );
}

/** The way to what the main action has left. */
function MadeLink({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const made = madeOf(task);
  const entity = useEntity(made?.entity ?? "");
  if (!made || !entity) return null;
  return (
    <>
      {" "}
      <Link to="/records/$entity/$id" params={made}>
        {t("made_open", { entity: entity.label })}
      </Link>
    </>
  );
}

/** Yes or no, with words about it: both finish the task. */
function Approval({ task, form }: { task: Task; form: TaskFormState }) {
  const { t } = useTranslation("tasks");
  const place = `task-approval.${task.id}`;
  const [comment, setComment] = useState(() => readDraft<string>(place) ?? "");
  const decide = (result: "approved" | "rejected") => form.finish(result, comment.trim());
  useEffect(() => {
    if (task.state !== "open") dropDraft(place);
  }, [task.state, place]);
  return (
    <>
      <Textarea
        label={t("approval_comment")}
        autosize
        minRows={1}
        maxRows={6}
        value={comment}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          setComment(typed);
          if (typed) keepDraft(place, typed);
          else dropDraft(place);
        }}
      />
      <FootButtons>
        <Button
          leftSection={<IconCheck size={16} />}
          onClick={() => decide("approved")}
          loading={form.form.pending}
        >
          {t("approve")}
        </Button>
        <Button
          variant="default"
          leftSection={<IconX size={16} />}
          onClick={() => decide("rejected")}
          loading={form.form.pending}
        >
          {t("reject")}
        </Button>
      </FootButtons>
    </>
  );
}
