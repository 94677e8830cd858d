/** What happened to a record: changes, calls, letters, tasks, notes; and a place to write one. */
import { Button, Textarea } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { keys } from "@/api/keys";
import { messageOf } from "@/api/problem";
import { addNote, timelineQuery } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Id, Refs } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { fieldOf } from "@/engines/fields/text";
import { openCreate } from "@/state/creating";
import { Composer, ComposerProblem, TimelineArea, TimelineHint } from "@/ui/timeline";
import { TimelineEntry } from "./timeline-entry";
import { linesOf } from "./timeline-groups";

export function Timeline({ entity, id, readOnly }: { entity: Entity; id: Id; readOnly: boolean }) {
  const { t } = useTranslation(["card", "common"]);
  // A note is nobody's right of its own; whoever looks as somebody else writes none.
  const looks = useMe().viewing !== undefined;
  const query = useInfiniteQuery(timelineQuery(entity.key, id));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const refs = useMemo(
    () => Object.assign({}, ...(query.data?.pages.map((page) => page.refs ?? {}) ?? [])) as Refs,
    [query.data],
  );
  return (
    <TimelineArea
      title={t("card:timeline")}
      action={readOnly ? null : <AddTask entity={entity} id={id} />}
      composer={readOnly || looks ? null : <NoteComposer entity={entity.key} id={id} />}
    >
      {linesOf(items).map(({ item, more }) => (
        <TimelineEntry
          key={item.id}
          entity={entity}
          id={id}
          item={item}
          more={more}
          refs={refs}
          onChanged={() => void query.refetch()}
        />
      ))}
      {query.isSuccess && items.length === 0 && <TimelineHint>{t("card:timeline_empty")}</TimelineHint>}
      {query.isError && (
        <TimelineHint>
          {messageOf(query.error, t("common:network"))}
          <Button variant="default" onClick={() => void query.refetch()}>
            {t("common:retry")}
          </Button>
        </TimelineHint>
      )}
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("card:earlier")}
        </Button>
      )}
    </TimelineArea>
  );
}

/** A task about this record, where the person may make one. A task has parts rather than tasks about it. */
function AddTask({ entity, id }: { entity: Entity; id: Id }) {
  const { t } = useTranslation("card");
  const task = useEntity("task");
  const concerns = task && fieldOf(task, "record_entity")?.choices;
  if (!task?.actions.create || entity.key === "task") return null;
  if (!concerns?.some((choice) => choice.value === entity.key)) return null;
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      leftSection={<IconPlus size={14} />}
      onClick={() => openCreate("task", { record_entity: entity.key, record_id: id })}
    >
      {t("add_task")}
    </Button>
  );
}

/** What is typed survives a reload and an ended session. */
function useDraft(key: string): [string, (next: (text: string) => string) => void] {
  const [text, setText] = useState(() => readDraft<string>(key) ?? "");
  return [
    text,
    (next) =>
      setText((old) => {
        const now = next(old);
        if (now) keepDraft(key, now);
        else dropDraft(key);
        return now;
      }),
  ];
}

function NoteComposer({ entity, id }: { entity: string; id: Id }) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const client = useQueryClient();
  const [text, setText] = useDraft(`note.${id}`);
  // One key per text: a repeat after a lost answer adds one note.
  const [key, setKey] = useState(newKey);
  const add = useMutation({
    mutationFn: (sent: string) => addNote(entity, id, sent.trim(), key),
    onSuccess: (_, sent) => {
      // Written on while this was on its way: that stays.
      setText((now) => (now.startsWith(sent) ? now.slice(sent.length).trimStart() : now));
      setKey(newKey());
      void client.invalidateQueries({ queryKey: keys.timeline(entity, id) });
    },
  });
  const send = () => text.trim() && !add.isPending && add.mutate(text);
  return (
    <Composer onSubmit={send}>
      <Textarea
        aria-label={t("card:note")}
        placeholder={t("card:note_placeholder")}
        autosize
        minRows={text ? 2 : 1}
        maxRows={10}
        value={text}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          setText(() => typed);
          if (add.isError) setKey(newKey());
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            send();
          }
        }}
      />
      {add.error && (
        <ComposerProblem>
          {messageOf(add.error, t("common:network"))} {t("fields:typed_kept")}
        </ComposerProblem>
      )}
      {text.trim() && (
        <Button type="submit" loading={add.isPending}>
          {t("card:add_note")}
        </Button>
      )}
    </Composer>
  );
}
