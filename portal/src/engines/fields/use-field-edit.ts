/**
 * Editing one field of one record: the draft, the optimistic save, the reason of a refusal, the clash with
 * somebody else's edit. Where and how it is drawn is the caller's.
 */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf, NetworkError } from "@/api/problem";
import { sameValue } from "@/api/save";
import type { Field, Fields, RecordData, Refs, Value } from "@/api/types";
import type { RowSource } from "@/engines/source";
import { isEditable } from "./kinds";
import { withoutEmpty } from "./values";

interface Draft {
  value: Value;
  refs: Refs;
  /** Fields that go together with this one: the currency of an amount. */
  beside: Fields;
  /** The record as it was when the editing began. */
  base: RecordData;
}

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
  const { t } = useTranslation("common");
  const [draft, setDraft] = useState<Draft | null>(null);
  const [problem, setProblem] = useState<string>();
  const [clash, setClash] = useState<Clash>();
  const editable = source.shape.actions.update && isEditable(field) && !record.fields.deleted_at;

  const send = (base: RecordData, mine: Value, beside: Fields, refs?: Refs) => {
    source.save(base, { ...beside, [field.key]: mine }, refs).catch((error: unknown) => {
      const theirs = error instanceof ApiError ? error.problem.current : undefined;
      if (theirs && error instanceof ApiError && error.code === "record.conflict") {
        setClash({ mine, theirs });
        return;
      }
      if (error instanceof NetworkError) {
        // Not refused, only not sent: what was typed stays in the editor.
        setDraft({ value: mine, refs: refs ?? {}, beside, base });
        setProblem(messageOf(error, t("network")));
        return;
      }
      const own = error instanceof ApiError ? error.fieldMessage(field.key) : undefined;
      const reason = own ?? messageOf(error, t("network"));
      setProblem(reason);
    });
  };

  return {
    draft,
    problem,
    clash,
    editable,
    start() {
      if (!editable) return;
      setProblem(undefined);
      setClash(undefined);
      setDraft({ value: record.fields[field.key], refs: {}, beside: {}, base: record });
    },
    cancel() {
      setDraft(null);
    },
    change(value: Value, refs?: Refs) {
      setDraft((old) => old && { ...old, value, refs: { ...old.refs, ...refs } });
    },
    changeBeside(beside: Fields) {
      setDraft((old) => old && { ...old, beside: { ...old.beside, ...beside } });
    },
    commit(next: Value, refs?: Refs) {
      if (!draft) return;
      setDraft(null);
      setProblem(undefined);
      const clean = withoutEmpty(next) ?? null;
      const same = sameValue(clean, draft.base.fields[field.key]);
      if (same && Object.keys(draft.beside).length === 0) return;
      if (field.type === "stage" && onStage && typeof clean === "string") onStage(clean);
      else send(draft.base, clean, draft.beside, { ...draft.refs, ...refs });
    },
    takeTheirs() {
      if (clash) source.accept(clash.theirs);
      setClash(undefined);
    },
    keepMine() {
      if (clash) send(clash.theirs, clash.mine, {});
      setClash(undefined);
    },
  };
}
