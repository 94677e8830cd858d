/**
 * What hurts at the elements of a drawing: said by anybody who may draw, whoever edits it now, and taken away when it is
 * settled (with a way back). What is typed stays until the server has it.
 */
import { ActionIcon, Button, Select, Textarea, Tooltip } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { addDrawingNote, type Note, notesQuery, type Pain, pains, removeDrawingNote } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import type { Id } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { formatDateTime } from "@/i18n/format";
import { FormProblem } from "@/ui/sign-in";
import { Bone } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { Remark, RemarkList } from "@/ui/walk";
import { Hint, TalkForm } from "@/ui/work";

interface Props {
  drawing: Id;
  /** Of this element alone; else all of them, by element. */
  element?: string;
  nameOf(element: string): string;
  /** Leads to the element. */
  onGo?(element: string): void;
}

export function Notes({ drawing, element, nameOf, onGo }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const query = useQuery(notesQuery(drawing));
  const notes = (query.data ?? []).filter((note) => element === undefined || note.element === element);
  return (
    <>
      {query.isPending && <Bone height={40} />}
      {query.isError && <Hint>{messageOf(query.error, t("common:network"))}</Hint>}
      {query.isSuccess && notes.length === 0 && element === undefined && (
        <Hint>{t("drawings:notes_none")}</Hint>
      )}
      {notes.length > 0 && (
        <RemarkList label={t("drawings:notes")}>
          {notes.map((note) => (
            <Line
              key={note.id}
              drawing={drawing}
              note={note}
              where={element === undefined ? nameOf(note.element) : undefined}
              onGo={onGo}
            />
          ))}
        </RemarkList>
      )}
    </>
  );
}

function Line({
  drawing,
  note,
  where,
  onGo,
}: {
  drawing: Id;
  note: Note;
  where: string | undefined;
  onGo?(element: string): void;
}) {
  const { t } = useTranslation(["drawings", "common"]);
  const pain = t(`drawings:pain_${note.pain}`);
  const back = () =>
    addDrawingNote(drawing, { element: note.element, pain: note.pain, text: note.text }, newKey()).catch(
      (error: unknown) => toastError(error),
    );
  const settle = useMutation({
    mutationFn: () => removeDrawingNote(drawing, note.id),
    onSuccess: () =>
      toast({
        message: t("drawings:note_settled"),
        kind: "done",
        action: { label: t("common:undo"), run: () => void back() },
      }),
    onError: (error) => toastError(error),
  });
  const press = useOnce(settle.mutateAsync);
  const label = t("drawings:note_settle", { name: pain });
  return (
    <Remark
      where={
        where &&
        (onGo ? (
          <Button variant="subtle" size="compact-xs" onClick={() => onGo(note.element)}>
            {where}
          </Button>
        ) : (
          <span>{where}</span>
        ))
      }
      mark={pain}
      text={note.text}
      by={[note.author?.name, formatDateTime(note.created_at)].filter(Boolean).join(" · ")}
      tools={
        <Tooltip label={label}>
          <ActionIcon aria-label={label} loading={settle.isPending} onClick={() => press()}>
            <IconCheck size={16} />
          </ActionIcon>
        </Tooltip>
      }
    />
  );
}

interface Typed {
  pain: Pain | null;
  text: string;
}
const nothing: Typed = { pain: null, text: "" };

/** `elements`: where it can be said, when that is not known yet. */
export function NewNote({
  drawing,
  element,
  elements,
}: {
  drawing: Id;
  element?: string;
  elements?: { value: string; label: string }[];
}) {
  const { t } = useTranslation(["drawings", "common"]);
  const place = `note.${drawing}.${element ?? ""}`;
  const [typed, setTyped] = useState<Typed>(() => readDraft<Typed>(place) ?? nothing);
  const [at, setAt] = useState<string | null>(element ?? null);
  const [key, setKey] = useState(newKey);
  const [tried, setTried] = useState(false);
  const put = (part: Partial<Typed>) =>
    setTyped((before) => {
      const next = { ...before, ...part };
      if (next.text || next.pain) keepDraft(place, next);
      else dropDraft(place);
      return next;
    });
  const add = useMutation({
    mutationFn: (note: { element: string; pain: Pain; text: string }) => addDrawingNote(drawing, note, key),
    onSuccess: () => {
      dropDraft(place);
      setTyped(nothing);
      setTried(false);
      setKey(newKey());
    },
  });
  const say = useOnce(add.mutateAsync);
  const send = () => {
    setTried(true);
    const { pain, text } = typed;
    if (pain && at) say({ element: at, pain, text: text.trim() });
  };
  return (
    <TalkForm onSend={send}>
      {elements && (
        <Select
          label={t("drawings:note_where")}
          searchable
          allowDeselect={false}
          limit={100}
          data={elements}
          value={at}
          error={tried && !at && t("drawings:note_where_needed")}
          onChange={setAt}
        />
      )}
      <Select
        label={t("drawings:note_pain")}
        placeholder={t("drawings:note_pain_choose")}
        data={pains.map((pain) => ({ value: pain, label: t(`drawings:pain_${pain}`) }))}
        value={typed.pain}
        error={tried && !typed.pain && t("drawings:note_pain_needed")}
        onChange={(pain) => put({ pain: pain as Pain | null })}
      />
      <Textarea
        label={t("drawings:note_words")}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={2_000}
        value={typed.text}
        onChange={(event) => put({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
      />
      {add.error && <FormProblem>{messageOf(add.error, t("common:network"))}</FormProblem>}
      <div>
        <Button type="submit" variant="default" size="compact-sm" loading={add.isPending}>
          {t("drawings:note_add")}
        </Button>
      </div>
    </TalkForm>
  );
}
