/** What happened to a task, newest first; and what people said about it. */
import { Button, Textarea } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBell,
  IconCheck,
  IconListCheck,
  IconMail,
  IconMessage,
  IconPencil,
  IconPlus,
  IconX,
} from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { useEntity, useMe } from "@/api/session";
import { commentTask, taskHistoryQuery } from "@/api/tasks";
import type { Entity, Id, Me, Refs, TaskEvent } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { useTextContext } from "@/engines/fields/context";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { useNames } from "@/engines/titles";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { Change, ComposerProblem, Entry, EntryText } from "@/ui/timeline";
import { Hint, TalkForm, TalkRow, TalkRows } from "@/ui/work";
import { changesOf, deedOf, isComment, noteOf, toldOf } from "./talk";

const icons = {
  created: IconPlus,
  completed: IconCheck,
  cancelled: IconX,
  said: IconMessage,
  reminded: IconBell,
  late: IconAlertTriangle,
  letter: IconMail,
  checklist: IconListCheck,
  changed: IconPencil,
} as const;

function useActor() {
  const { t } = useTranslation("tasks");
  const names = useNames();
  const me: Me = useMe();
  return ({ actor }: TaskEvent): string => {
    if (actor.kind === "plugin")
      return me.plugins.find(({ id }) => id === actor.id)?.title ?? actor.name ?? "";
    const name = actor.name ?? (actor.id ? names.get(actor.id) : undefined);
    return name ?? (actor.kind === "process" ? t("by_process") : t("by_system"));
  };
}

export function TaskHistory({ id }: { id: Id }) {
  const { t } = useTranslation(["tasks", "common"]);
  const query = useQuery(taskHistoryQuery(id));
  const entity = useEntity("task");
  const actor = useActor();
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  return (
    <div>
      {(query.data ?? []).map((event) => {
        const deed = deedOf(event);
        const Icon = icons[deed];
        return (
          <Entry
            key={event.id}
            icon={<Icon size={16} aria-hidden />}
            strong={deed === "completed" || deed === "said"}
            actor={actor(event)}
            action={t(`tasks:did_${deed}`)}
            time={event.at}
            when={formatRelative(event.at, Date.now())}
            exact={formatDateTime(event.at)}
          >
            {noteOf(event) && <EntryText>{noteOf(event)}</EntryText>}
            {entity && deed === "changed" && <Changes entity={entity} event={event} />}
          </Entry>
        );
      })}
    </div>
  );
}

function Changes({ entity, event }: { entity: Entity; event: TaskEvent }) {
  const { t } = useTranslation("fields");
  const names = useNames();
  const refs: Refs = Object.fromEntries(
    [...names].map(([id, title]) => [id, { entity: "user", title }] as const),
  );
  const context = useTextContext(entity, refs);
  const changes = changesOf(event);
  return toldOf(event).map((key) => {
    const field = fieldOf(entity, key);
    const { before, after } = changes[key] ?? {};
    if (!field) return null;
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

/** Oldest first, as a talk is read; what is typed stays a draft until it is said. */
export function TaskTalk({ id }: { id: Id }) {
  const { t } = useTranslation(["tasks", "common", "fields"]);
  const { data } = useQuery(taskHistoryQuery(id));
  const actor = useActor();
  // Whoever looks as somebody else says nothing.
  const looks = useMe().viewing !== undefined;
  const place = `task-comment.${id}`;
  const [text, setText] = useState(() => readDraft<string>(place) ?? "");
  const [key, setKey] = useState(newKey);
  const write = (next: string) => {
    setText(next);
    if (next) keepDraft(place, next);
    else dropDraft(place);
  };
  const say = useMutation({
    mutationFn: (sent: string) => commentTask(id, sent.trim(), key),
    onSuccess: (_, sent) => {
      setKey(newKey());
      setText((now) => {
        const rest = now.startsWith(sent) ? now.slice(sent.length).trimStart() : now;
        if (rest) keepDraft(place, rest);
        else dropDraft(place);
        return rest;
      });
    },
  });
  const send = () => text.trim() && !say.isPending && say.mutate(text);
  const said = (data ?? []).filter(isComment).toReversed();
  return (
    <>
      {said.length > 0 && (
        <TalkRows>
          {said.map((event) => (
            <TalkRow
              key={event.id}
              who={actor(event)}
              when={formatRelative(event.at, Date.now())}
              exact={formatDateTime(event.at)}
            >
              {noteOf(event)}
            </TalkRow>
          ))}
        </TalkRows>
      )}
      {!looks && (
        <TalkForm onSend={send}>
          <Textarea
            aria-label={t("tasks:comment")}
            placeholder={t("tasks:comment_hint")}
            autosize
            minRows={text ? 2 : 1}
            maxRows={10}
            value={text}
            onChange={(event) => {
              write(event.currentTarget.value);
              if (say.isError) setKey(newKey());
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                send();
              }
            }}
          />
          {say.error && (
            <ComposerProblem>
              {messageOf(say.error, t("common:network"))} {t("fields:typed_kept")}
            </ComposerProblem>
          )}
          {text.trim() && (
            <Button type="submit" variant="default" loading={say.isPending}>
              {t("tasks:comment_add")}
            </Button>
          )}
        </TalkForm>
      )}
    </>
  );
}
