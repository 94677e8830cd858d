/**
 * Editing one field of one record: the draft, the optimistic save, the reason of a refusal, the clash with
 * somebody else's edit. What is typed is kept until it is saved or thrown away: a failed save neither opens an
 * editor nor moves the focus. Where and how it is drawn is the caller's.
 */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf, NetworkError } from "@/api/problem";
import { sameValue } from "@/api/save";
import type { Field, Fields, RecordData, Refs, Value } from "@/api/types";
import type { RowSource } from "@/engines/source";
import { toast } from "@/ui/toast";
import { isFillable } from "./kinds";
import { dropUnsaved, keepUnsaved, placeOf, readUnsaved, type Unsaved, useUnsaved } from "./unsaved";
import { unreadText, withoutEmpty } from "./values";

type Draft = Omit<Unsaved, "problem" | "warned">;

export interface Clash {
  mine: Value;
  theirs: RecordData;
}

interface Options {
  source: RowSource;
  field: Field;
  record: RecordData;
  /** Stage changes have their own road. */
  onStage?(stage: string): void;
}

export function useFieldEdit({ source, field, record, onStage }: Options) {
  const { t } = useTranslation(["common", "card", "fields"]);
  const place = placeOf(record, field);
  const unsaved = useUnsaved(place);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [clash, setClash] = useState<Clash>();
  const [sending, setSending] = useState(0);
  const shown = useRef(false);
  const editable = source.shape.actions.update && isFillable(field) && !record.fields.deleted_at;

  const failed = (sent: Draft, error: unknown) => {
    const own = error instanceof ApiError ? error.fieldMessage(field.key) : undefined;
    const reason = own ?? messageOf(error, t("common:network"));
    const problem = error instanceof NetworkError ? `${reason} ${t("fields:typed_kept")}` : reason;
    const newer = readUnsaved(place);
    const kept = newer && !sameValue(newer.value, sent.value) ? newer : sent;
    const warned = error instanceof ApiError && error.code === "record.warned";
    keepUnsaved(place, { ...kept, base: withField(kept.base, sent.base, field.key), problem, warned });
    if (!shown.current) toast({ kind: "error", title: field.label, message: problem });
  };

  const send = (sent: Draft, why?: string) => {
    const { base, value, beside, refs } = sent;
    setSending((count) => count + 1);
    keepUnsaved(place, sent);
    source
      .save(base, { ...beside, [field.key]: value }, refs, why)
      .then(() => {
        if (sameValue(readUnsaved(place)?.value, value)) dropUnsaved(place);
      })
      .catch((error: unknown) => {
        const theirs = error instanceof ApiError ? error.problem.current : undefined;
        if (theirs && error instanceof ApiError && error.code === "record.conflict" && shown.current) {
          setClash({ mine: value, theirs });
          return;
        }
        failed(sent, error);
      })
      .finally(() => setSending((count) => count - 1));
  };

  const put = (next: Draft) => {
    setDraft(next);
    keepUnsaved(place, { ...next, problem: unsaved?.problem });
  };

  /** Whether the editor closes: what cannot be read stays in it. */
  const commit = (next: Value, refs?: Refs, more?: Fields): boolean => {
    if (!draft) return true;
    if (unreadText(next) !== undefined) return false;
    setDraft(null);
    const clean = withoutEmpty(next) ?? null;
    const same = sameValue(clean, draft.base.fields[field.key]);
    const before = readUnsaved(place);
    const beside = { ...draft.beside, ...more };
    if ((same && Object.keys(beside).length === 0 && !before?.problem) || field.type === "stage") {
      dropUnsaved(place);
      if (!same && onStage && typeof clean === "string") onStage(clean);
    } else {
      send({ ...draft, value: clean, beside, refs: { ...draft.refs, ...refs } });
    }
    return true;
  };

  // Going elsewhere in the middle (Back, another record) is leaving the field.
  const leave = useRef(commit);
  leave.current = commit;
  const typing = useRef(draft);
  typing.current = draft;
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
      if (typing.current) leave.current(typing.current.value, typing.current.refs);
    };
  }, []);

  return {
    draft,
    clash,
    editable,
    /** Typed before and not saved; with the reason, unless the page was left in the middle. */
    unsaved:
      draft || clash || sending > 0 || sameValue(unsaved?.value, record.fields[field.key])
        ? undefined
        : unsaved,
    /** Why the last save failed. */
    problem: sending > 0 ? undefined : unsaved?.problem,
    start() {
      if (!editable) return;
      setClash(undefined);
      setDraft(unsaved ?? { value: record.fields[field.key], refs: {}, beside: {}, base: record });
    },
    cancel() {
      dropUnsaved(place);
      setDraft(null);
    },
    change(value: Value, refs?: Refs, beside?: Fields) {
      if (draft)
        put({ ...draft, value, refs: { ...draft.refs, ...refs }, beside: { ...draft.beside, ...beside } });
    },
    changeBeside(beside: Fields) {
      if (draft) put({ ...draft, beside: { ...draft.beside, ...beside } });
    },
    commit,
    /** Sends what was typed before once more. */
    again(why?: string) {
      if (unsaved && unreadText(unsaved.value) === undefined) send(unsaved, why);
    },
    discard: () => dropUnsaved(place),
    takeTheirs() {
      dropUnsaved(place);
      if (clash) source.accept(clash.theirs);
      setClash(undefined);
    },
    keepMine() {
      const beside = readUnsaved(place)?.beside ?? {};
      if (clash) send({ value: clash.mine, refs: {}, beside, base: clash.theirs });
      setClash(undefined);
    },
  };
}

/** The record with one field as another form of it has it: an editing begun on an optimistic value, now taken back. */
function withField(record: RecordData, other: RecordData, key: string): RecordData {
  return { ...record, fields: { ...record.fields, [key]: other.fields[key] } };
}
