/** One thing that happened: an activity with its text, or a change with before and after. */
import { Checkbox } from "@mantine/core";
import {
  IconCalendarEvent,
  IconCheckbox,
  IconFileImport,
  IconMail,
  IconNote,
  IconPaperclip,
  IconPencil,
  IconPhone,
  IconPuzzle,
  IconSparkles,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { updateRecord } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Id, Me, RecordData, Refs, TimelineItem, Value } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { isUnreadable } from "@/engines/fields/kinds";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { shortName } from "@/engines/files/short-name";
import { SlotMenu } from "@/engines/slots";
import { formatDateTime, formatNumber, formatRelative } from "@/i18n/format";
import { Change, Entry, EntryText, EntryTitle } from "@/ui/timeline";
import { toastError } from "@/ui/toast";

interface Props {
  entity: Entity;
  /** Whose timeline it is. */
  id: Id;
  item: TimelineItem;
  /** What else stands in the same line. */
  more: TimelineItem[];
  refs: Refs;
  onChanged(): void;
}

const activityIcons = {
  call: IconPhone,
  email: IconMail,
  meeting: IconCalendarEvent,
  note: IconNote,
  task: IconCheckbox,
} as const;

const actorIcons = { plugin: IconPuzzle, import: IconFileImport, system: IconSparkles } as const;

export function TimelineEntry({ entity, id, item, more, refs, onChanged }: Props) {
  const { t } = useTranslation("card");
  const me = useMe();
  const activity = item.activity ?? undefined;
  const kind = kindOf(activity);
  const isFile = item.event?.startsWith("file.");
  const Icon =
    (isFile ? IconPaperclip : undefined) ??
    (kind && activityIcons[kind]) ??
    actorIcons[item.actor?.kind as keyof typeof actorIcons] ??
    IconPencil;
  return (
    <Entry
      icon={<Icon size={16} aria-hidden />}
      strong={activity !== undefined}
      actor={actorName(item, refs, me, t)}
      action={more.length > 0 ? t("did_add_files", { number: more.length + 1 }) : actionText(item, t)}
      time={item.at}
      when={formatRelative(item.at, Date.now())}
      exact={formatDateTime(item.at)}
      menu={
        <SlotMenu
          slot={`record.${entity.key}.timeline-item`}
          entity={entity.key}
          id={id}
          title={`${actionText(item, t)}, ${formatDateTime(item.at)}`}
          params={{
            item: item.activity?.id ?? item.id,
            at: item.at,
            kind: kind ?? null,
            event: item.event ?? null,
          }}
        />
      }
    >
      {activity ? (
        <Activity activity={activity} refs={refs} onChanged={onChanged} />
      ) : (
        <Changes entity={entity} item={item} more={more} refs={refs} />
      )}
    </Entry>
  );
}

/** What it is: a task, or the kind of an activity. */
function kindOf(activity: RecordData | undefined): keyof typeof activityIcons | undefined {
  if (activity?.entity === "task") return "task";
  return activity?.fields.kind as keyof typeof activityIcons | undefined;
}

type Translate = ReturnType<typeof useTranslation<"card">>["t"];

/** People and plugins by name; imports and the product itself by what they are. */
function actorName(item: TimelineItem, refs: Refs, me: Me, t: Translate): string {
  const creator = item.activity?.fields.creator;
  if (typeof creator === "string") return refs[creator]?.title ?? t("by_system");
  const { actor } = item;
  if (actor?.kind === "plugin") {
    const plugin = me.plugins.find(({ id }) => id === actor.id)?.title ?? actor.name ?? String(actor.id);
    return actor.on_behalf_of ? t("plugin_for", { plugin, person: actor.on_behalf_of }) : plugin;
  }
  if (actor?.name) return actor.name;
  return actor?.kind === "import" ? t("by_import") : t("by_system");
}

function actionText(item: TimelineItem, t: Translate): string {
  if (item.activity) {
    switch (kindOf(item.activity)) {
      case "call":
        return t("did_call");
      case "email":
        return t("did_email");
      case "meeting":
        return t("did_meeting");
      case "task":
        return t("did_task");
      default:
        return t("did_note");
    }
  }
  switch (item.event) {
    case "file.added":
      return t("did_add_file");
    case "file.removed":
      return t("did_remove_file");
    case "file.renamed":
      return t("did_rename_file");
  }
  switch (item.event?.split(".").pop()) {
    case "created":
      return t("did_create");
    case "deleted":
      return t("did_delete");
    case "restored":
      return t("did_restore");
    default:
      return t("did_change");
  }
}

function Changes({ entity, item, more, refs }: Pick<Props, "entity" | "item" | "more" | "refs">) {
  const { t } = useTranslation("fields");
  const { t: ofCard } = useTranslation("card");
  const context = useTextContext(entity, refs);
  // What a new record was made of is on the card already.
  if (item.event?.endsWith(".created")) return null;
  if (item.event?.startsWith("file.")) return <Files items={[item, ...more]} />;
  const skipped = new Set(["updated_at", "editor", "last_activity_at", "stage_since", "stage_due"]);
  return Object.entries(item.changes ?? {})
    .filter(([key]) => !skipped.has(key))
    .map(([key, { before, after }]) => {
      const field = fieldOf(entity, key);
      if (!field) return null;
      if (isUnreadable(field)) {
        return (
          <Change
            key={key}
            label={field.label}
            before={counted(before, ofCard)}
            after={counted(after, ofCard)}
          />
        );
      }
      return (
        <Change
          key={key}
          label={field.label}
          before={isEmpty(before) ? t("empty") : textOf(field, before, context)}
          after={isEmpty(after) ? t("empty") : textOf(field, after, context)}
        />
      );
    });
}

/** How many there are and, of rows of a sale, what they come to together. */
function counted(value: Value, t: Translate): string {
  if (!Array.isArray(value)) return t("rows_none");
  const sums = value.map((row: { figures?: { total?: number } | null }) => row.figures?.total);
  const known = sums.filter((sum) => typeof sum === "number");
  const count = t("rows_changed", { count: value.length });
  return known.length > 0 ? `${count}, ${formatNumber(known.reduce((sum, one) => sum + one, 0))}` : count;
}

const few = 5;

function Files({ items }: { items: TimelineItem[] }) {
  const { t } = useTranslation("card");
  return (
    <>
      {items.slice(0, few).map((item) => (
        <EntryText key={item.id}>{fileNames(item)}</EntryText>
      ))}
      {items.length > few && <EntryText>{t("files_more", { number: items.length - few })}</EntryText>}
    </>
  );
}

/** What the file is called, and what it was called before. */
function fileNames(item: TimelineItem): string {
  const { before, after } = item.changes?.file ?? {};
  const names = [before, after].map((file) => (file as { name?: string } | null | undefined)?.name);
  return [...new Set(names.filter((name) => name !== undefined).map((name) => shortName(name, 90)))].join(
    " → ",
  );
}

interface ActivityProps {
  activity: RecordData;
  refs: Refs;
  onChanged(): void;
}

function Activity({ activity, refs, onChanged }: ActivityProps) {
  const { t } = useTranslation("card");
  const kind = kindOf(activity);
  const { title, state, assignee, creator } = activity.fields;
  const text = kind === "task" ? activity.fields.description : activity.fields.text;
  const deadline = kind === "task" ? activity.fields.due : activity.fields.deadline;
  const done = kind === "task" ? state !== "open" : activity.fields.done === true;
  // A note has no title of its own: the server makes one of its text.
  const subject = kind === "note" ? undefined : title;
  const finish = async () => {
    try {
      await updateRecord("task", activity.id, { state: "completed" }, activity.version);
    } catch (error) {
      toastError(error);
    }
    onChanged();
  };
  const late = typeof deadline === "string" && !done && new Date(deadline).getTime() < Date.now();
  return (
    <>
      {typeof subject === "string" && subject && (
        <EntryTitle done={done}>
          {kind === "task" ? (
            <TaskTitle id={activity.id} title={subject} state={state} onFinish={() => void finish()} />
          ) : (
            subject
          )}
        </EntryTitle>
      )}
      {kind === "task" && state === "cancelled" && <EntryText>{t("cancelled")}</EntryText>}
      {typeof assignee === "string" && assignee !== creator && refs[assignee] && (
        <EntryText>
          {t("assignee")} {refs[assignee].title}
        </EntryText>
      )}
      {typeof text === "string" && text && <EntryText>{text}</EntryText>}
      {typeof deadline === "string" && (
        <EntryText late={late}>
          {late ? t("overdue") : t("until")} {formatDateTime(deadline)}
        </EntryText>
      )}
    </>
  );
}

interface TaskTitleProps {
  id: Id;
  title: string;
  state: Value;
  onFinish(): void;
}

/** The box finishes an open task, the title leads to it; one that was called off has nothing to tick. */
function TaskTitle({ id, title, state, onFinish }: TaskTitleProps) {
  // Who looks with another's rights finishes nothing.
  const changes = useEntity("task")?.actions.update;
  return (
    <>
      {state !== "cancelled" && (
        <Checkbox
          size="xs"
          aria-label={title}
          checked={state !== "open"}
          disabled={state !== "open" || !changes}
          onChange={onFinish}
        />
      )}
      <Link to="/tasks/$id" params={{ id }}>
        {title}
      </Link>
    </>
  );
}
