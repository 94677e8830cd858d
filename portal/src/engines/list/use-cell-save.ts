/** Saving from table cells: optimistic; the reason of a refusal and what was typed are kept at their cell. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf, NetworkError } from "@/api/problem";
import { sameValue } from "@/api/save";
import type { Field, Id, RecordData, Refs, Value } from "@/api/types";
import { isEditable } from "@/engines/fields/kinds";
import { dropUnsaved, keepUnsaved, placeOf, readUnsaved } from "@/engines/fields/unsaved";
import { unreadText } from "@/engines/fields/values";
import type { Source } from "@/engines/source";
import { toast } from "@/ui/toast";

export function useCellSave(source: Source) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const place = (id: Id, key: string) => `${id}:${key}`;
  const note = (id: Id, key: string, reason: string | undefined) =>
    setProblems((old) => {
      const next = new Map(old);
      if (reason) next.set(place(id, key), reason);
      else next.delete(place(id, key));
      return next;
    });

  const save = (record: RecordData, field: Field, value: Value, refs: Refs): void => {
    const typed = placeOf(record, field);
    note(record.id, field.key, undefined);
    if (unreadText(value) !== undefined) {
      keepUnsaved(typed, { value, refs, beside: {}, base: record });
      note(record.id, field.key, t("fields:unread"));
      return;
    }
    dropUnsaved(typed);
    if (sameValue(value, record.fields[field.key])) return;
    const saving =
      field.type === "stage" && typeof value === "string"
        ? source.move(record.id, value).then(source.accept)
        : source.save(record, { [field.key]: value }, refs);
    saving.catch((error: unknown) => {
      if (!readUnsaved(typed) && field.type !== "stage") {
        keepUnsaved(typed, { value, refs, beside: {}, base: record });
      }
      const current = error instanceof ApiError ? error.problem.current : undefined;
      if (current) {
        note(record.id, field.key, t("card:conflict"));
        toast({
          kind: "error",
          title: field.label,
          message: t("card:conflict"),
          action: { label: t("card:keep_mine"), run: () => save(current, field, value, refs) },
        });
        return;
      }
      if (error instanceof NetworkError) {
        const reason = `${messageOf(error, t("common:network"))} ${t("fields:typed_kept")}`;
        note(record.id, field.key, reason);
        toast({
          kind: "error",
          title: field.label,
          message: reason,
          action: { label: t("common:retry"), run: () => save(record, field, value, refs) },
          stay: 60_000,
        });
        return;
      }
      const own = error instanceof ApiError ? error.fieldMessage(field.key) : undefined;
      const reason = own ?? messageOf(error, t("common:network"));
      note(record.id, field.key, reason);
      toast({ kind: "error", title: field.label, message: reason });
    });
  };

  return {
    save,
    problemOf: (record: RecordData, field: Field) =>
      problems.get(place(record.id, field.key)) ??
      (readUnsaved(placeOf(record, field)) ? t("fields:typed_kept") : undefined),
    editable: (record: RecordData, field: Field) =>
      source.shape.actions.update &&
      isEditable(field) &&
      field.type !== "pipeline" &&
      !record.fields.deleted_at,
  };
}
