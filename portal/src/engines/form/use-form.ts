/**
 * Filling a form: what is typed is kept in this tab until it is sent or cleared, a repeat after a lost
 * answer makes one thing, the source's reasons stand beside their fields.
 */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { ApiError } from "@/api/problem";
import { sameValue } from "@/api/save";
import type { Field, Fields, RecordData, Refs, Value } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { isEmpty, unreadText, withoutEmpty } from "@/engines/fields/values";
import type { FormSource } from "@/engines/source";
import { isDemanded } from "./fields";

export interface Draft {
  fields: Fields;
  refs: Refs;
}

export interface Form {
  draft: Draft;
  /** What stands in the form: typed, else set beforehand. */
  values: Fields;
  /** The fields on screen: those asked at first, those filled, those with a reason; or all. */
  shown: Field[];
  /** Whether there are fields left to show. */
  more: boolean;
  showAll(): void;
  /** Something is typed. */
  dirty: boolean;
  pending: boolean;
  /** How many times sending failed: what is wrong comes into view again. */
  failures: number;
  /** The server only warns: with a reason it takes the form as it is. */
  warned: boolean;
  /** What went wrong as a whole; absent when the reasons beside the fields say it all. */
  problem: Error | undefined;
  reasonFor(field: string): string | undefined;
  change(field: string, value: Value, refs?: Refs): void;
  /** Empties the form; `back` fills it again. */
  clear(): { back(): void };
  submit(reason?: string): void;
}

const place = (key: string) => `new.${key}`;

/** What is sent: what was typed over what was set beforehand, without what is empty. */
export function payloadOf(preset: Fields, typed: Fields): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries({ ...preset, ...typed })) {
    const clean = withoutEmpty(value);
    if (!isEmpty(clean)) fields[name] = clean;
  }
  return fields;
}

/** What was typed while the rest was on its way: a text that only grew is what it grew by. */
export function typedSince(sent: Fields, now: Fields, repeat: boolean): Fields {
  const later: Fields = {};
  for (const [name, value] of Object.entries(now)) {
    const before = sent[name];
    if (sameValue(value, before)) continue;
    const grew =
      repeat && typeof value === "string" && typeof before === "string" && value.startsWith(before);
    later[name] = grew ? value.slice(before.length).trimStart() || null : value;
  }
  return later;
}

interface Options {
  /** The form stays for the next one. */
  repeat?: boolean;
  /** `later`: what was typed meanwhile and is not part of what was made; kept when the form stays. */
  onDone(record: RecordData, later: Fields): void;
}

/** What the server makes a title of where nobody gave one. */
const naming = new Set(["last_name", "first_name", "middle_name", "company_title", "text"]);

/** The fields that say what it is called: the title, or what the server makes one of. */
const namesIn = ({ fields, shape }: FormSource): Field[] =>
  fields.filter(
    ({ key, type }) => key === shape.title_field || naming.has(key) || type === "phones" || type === "emails",
  );

/** Whether a field must be filled in: not where the server fills it in, nor a title that another field may give. */
export function isStarred(source: FormSource, field: Field): boolean {
  return isDemanded(field) && (field.key !== source.shape.title_field || namesIn(source).length === 1);
}

/** What stands in the form beforehand, but for what the server sets by itself. */
function begun({ fields, preset }: FormSource): Fields {
  const own = new Map(fields.map((field) => [field.key, field.default]));
  const told = ([key, value]: [string, Value]) =>
    (own.get(key) ?? null) === null || !sameValue(value, own.get(key) as Value);
  return Object.fromEntries(Object.entries(preset).filter(told));
}

/** Whether something in the form says what it is called. */
function names(source: FormSource, fields: Fields): boolean {
  return namesIn(source).some(({ key }) => {
    const value = withoutEmpty(fields[key]);
    return !isEmpty(value) && (typeof value !== "string" || value.trim() !== "");
  });
}

export function useForm(source: FormSource, { repeat = false, onDone }: Options): Form {
  const { t } = useTranslation("fields");
  const empty: Draft = { fields: {}, refs: source.refs };
  const [draft, setDraft] = useState<Draft>(() => readDraft<Draft>(place(source.key)) ?? empty);
  const [key, setKey] = useState(newKey);
  const [all, setAll] = useState(false);
  const [failures, setFailures] = useState(0);
  const now = useRef(draft);
  const put = (next: Draft) => {
    now.current = next;
    setDraft(next);
    if (Object.keys(next.fields).length > 0) keepDraft(place(source.key), next);
    else dropDraft(place(source.key));
  };
  const send = useMutation({
    mutationFn: ({ fields, refs, reason }: Draft & { reason?: string }) =>
      source.submit(payloadOf(begun(source), fields), key, refs, reason),
    onSuccess: (record, sent) => {
      const later = typedSince(sent.fields, now.current.fields, repeat);
      put(repeat ? { fields: later, refs: { ...source.refs, ...now.current.refs } } : empty);
      setKey(newKey());
      onDone(record, later);
    },
    onError: (error) => {
      // What was refused may be changed: it is another request then.
      if (error instanceof ApiError) setKey(newKey());
      setFailures((count) => count + 1);
    },
  });
  const refusal = send.error instanceof ApiError ? send.error : undefined;
  // The server would call a nameless one by a word that says nothing.
  const [nameless, setNameless] = useState(false);
  const title = source.shape.title_field;
  const unnamed = (fields: Fields) =>
    source.fields.some(({ key, required }) => key === title && required) && !names(source, fields);
  const reasonFor = (field: string) =>
    nameless && field === title && unnamed({ ...source.preset, ...draft.fields })
      ? t("needed")
      : refusal?.fieldMessage(field);
  const asked = (field: Field) =>
    all ||
    !source.first ||
    source.first.includes(field.key) ||
    !isEmpty(draft.fields[field.key]) ||
    reasonFor(field.key) !== undefined;
  const shown = source.fields.filter(asked);

  return {
    draft,
    values: { ...source.preset, ...draft.fields },
    shown,
    more: shown.length < source.fields.length,
    showAll: () => setAll(true),
    dirty: Object.values(draft.fields).some((value) => !isEmpty(value)),
    pending: send.isPending,
    failures,
    warned: refusal?.code === "record.warned",
    problem: asWhole(send.error, source),
    reasonFor,
    change(field, value, refs) {
      const { fields, refs: known } = now.current;
      put({ fields: { ...fields, [field]: value }, refs: { ...known, ...refs } });
    },
    clear() {
      const before = now.current;
      put(empty);
      return { back: () => put({ ...before, fields: { ...before.fields, ...now.current.fields } }) };
    },
    submit(reason) {
      const unread = Object.values(draft.fields).some((value) => unreadText(value) !== undefined);
      const without = unnamed({ ...source.preset, ...draft.fields });
      setNameless(without);
      if (unread || without) setFailures((count) => count + 1);
      else if (!send.isPending) send.mutate({ ...draft, reason });
    },
  };
}

/** Said above the form: a lost line, a refusal that names no field or one the form does not have. */
function asWhole(error: Error | null, source: FormSource): Error | undefined {
  if (!error) return undefined;
  if (!(error instanceof ApiError)) return error;
  const named = Object.keys(error.problem.fields ?? {});
  const known = new Set(source.fields.map((field) => field.key));
  const elsewhere = named.some((name) => !known.has(name));
  return named.length === 0 || elsewhere ? error : undefined;
}
