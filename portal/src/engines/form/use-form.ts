/**
 * Filling a form: what is typed is kept in this tab until it is sent or cleared, a repeat after a lost
 * answer makes one thing, the source's reasons stand beside their fields.
 */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { Fields, RecordData, Refs, Value } from "@/api/types";
import { isEmpty, withoutEmpty } from "@/engines/fields/values";
import type { FormSource } from "@/engines/source";

export interface Draft {
  fields: Fields;
  refs: Refs;
}

export interface Form {
  draft: Draft;
  /** Something is typed. */
  dirty: boolean;
  pending: boolean;
  /** What went wrong as a whole; absent when the reasons beside the fields say it all. */
  problem: Error | undefined;
  reasonFor(field: string): string | undefined;
  change(field: string, value: Value, refs?: Refs): void;
  clear(): void;
  submit(): void;
}

const storageKey = (key: string) => `verstak.new.${key}`;

function storedDraft(key: string): Draft | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(key)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** What is sent: what was typed over what was set beforehand, without what is empty. */
export function payloadOf(preset: Fields, typed: Fields): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries({ ...preset, ...typed })) {
    const clean = withoutEmpty(value);
    if (!isEmpty(clean)) fields[name] = clean;
  }
  return fields;
}

export function useForm(source: FormSource, onDone: (record: RecordData) => void): Form {
  const [draft, setDraft] = useState<Draft>(
    () => storedDraft(source.key) ?? { fields: {}, refs: source.refs },
  );
  const [key, setKey] = useState(newKey);
  const send = useMutation({
    mutationFn: () => source.submit(payloadOf(source.preset, draft.fields), key),
    onSuccess: (record) => {
      sessionStorage.removeItem(storageKey(source.key));
      onDone(record);
    },
    // What was refused may be changed: it is another request then.
    onError: (error) => error instanceof ApiError && setKey(newKey()),
  });
  const refusal = send.error instanceof ApiError ? send.error : undefined;

  return {
    draft,
    dirty: Object.values(draft.fields).some((value) => !isEmpty(value)),
    pending: send.isPending,
    problem: asWhole(send.error, source),
    reasonFor: (field) => refusal?.fieldMessage(field),
    change(field, value, refs) {
      const next = {
        fields: { ...draft.fields, [field]: value },
        refs: { ...draft.refs, ...refs },
      };
      setDraft(next);
      sessionStorage.setItem(storageKey(source.key), JSON.stringify(next));
    },
    clear() {
      sessionStorage.removeItem(storageKey(source.key));
      setDraft({ fields: {}, refs: {} });
    },
    submit() {
      if (!send.isPending) send.mutate();
    },
  };
}

/** Said above the form: a lost line, a plugin's refusal, a reason whose field is not shown. */
function asWhole(error: Error | null, source: FormSource): Error | undefined {
  if (!error) return undefined;
  if (!(error instanceof ApiError)) return error;
  const named = Object.keys(error.problem.fields ?? {});
  const shown = new Set(source.fields.map((field) => field.key));
  const elsewhere = named.some((name) => !shown.has(name));
  return named.length === 0 || elsewhere || error.code === "hook.rejected" ? error : undefined;
}
