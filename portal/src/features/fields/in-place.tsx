/**
 * A field that is edited where it stands: click or Enter to edit, Enter saves, Esc restores, Tab saves and
 * goes to the next field. A refusal puts the old value back and says why here.
 */
import { Button } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { putRecord } from "@/api/records";
import { sameValue, saveFields } from "@/api/save";
import type { Entity, Field, Fields, RecordAnswer, RecordData, Refs, Value } from "@/api/types";
import { ConflictNote, EditBox, FieldRow, ViewBox } from "@/ui/field";
import { Dimmed } from "@/ui/value";
import { useTextContext } from "./context";
import { FieldEditor } from "./editor";
import { withoutEmpty } from "./multi-editor";
import { textOf } from "./text";
import { FieldValue } from "./value";

interface Props {
  entity: Entity;
  field: Field;
  record: RecordData;
  refs: Refs;
  /** Stage changes have their own road. */
  onStage?(stage: string): void;
  /** Without a label: a table cell or a title. */
  bare?: boolean;
  children?: ReactNode;
}

interface Draft {
  value: Value;
  refs?: Refs;
  base: RecordData;
}

interface Clash {
  mine: Value;
  theirs: RecordAnswer;
}

export function InPlace({ entity, field, record, refs, onStage, bare, children }: Props) {
  const { t } = useTranslation(["common", "fields", "card"]);
  const context = useTextContext(entity, refs);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [problem, setProblem] = useState<string>();
  const [clash, setClash] = useState<Clash>();
  const box = useRef<HTMLDivElement>(null);
  const value = record.fields[field.key];
  const editable = entity.actions.update && !field.read_only && !record.fields.deleted_at;

  const start = () => {
    if (!editable) return;
    setProblem(undefined);
    setClash(undefined);
    setDraft({ value, base: record });
  };
  const stop = (focus: boolean) => {
    setDraft(null);
    if (focus) setTimeout(() => box.current?.querySelector<HTMLElement>("[data-edit]")?.focus(), 0);
  };
  const send = (base: RecordData, mine: Value, newRefs?: Refs) => {
    const patch: Fields = { [field.key]: mine };
    saveFields(base, patch, newRefs).catch((error: unknown) => {
      const theirs = error instanceof ApiError ? error.problem.current : undefined;
      if (theirs && error instanceof ApiError && error.code === "record.conflict") {
        setClash({ mine, theirs });
        return;
      }
      const own = error instanceof ApiError ? error.fieldMessage(field.key) : undefined;
      setProblem(own ?? messageOf(error, t("common:network")));
    });
  };
  const commit = (next: Value, newRefs?: Refs, focus = true) => {
    if (!draft) return;
    const clean = withoutEmpty(next) ?? null;
    stop(focus);
    if (sameValue(clean, draft.base.fields[field.key])) return;
    if (field.type === "stage" && onStage && typeof clean === "string") onStage(clean);
    else send(draft.base, clean, { ...draft.refs, ...newRefs });
  };

  return (
    <FieldRow
      ref={box}
      testId={`field-${field.key}`}
      label={bare ? undefined : field.label}
      required={field.required}
      problem={problem}
    >
      {draft ? (
        <EditBox
          onLeave={() => commit(draft.value, draft.refs, false)}
          onTab={(back) => {
            const from = box.current;
            commit(draft.value, draft.refs, false);
            if (from) editNext(from, back);
          }}
        >
          <FieldEditor
            entity={entity}
            field={field}
            value={draft.value}
            refs={{ ...refs, ...draft.refs }}
            fields={record.fields}
            autoFocus
            open
            onChange={(next, newRefs) =>
              setDraft((old) => old && { ...old, value: next, refs: { ...old.refs, ...newRefs } })
            }
            onCommit={(next, newRefs) => commit(next, newRefs)}
            onCancel={() => stop(true)}
          />
        </EditBox>
      ) : (
        <ViewBox
          label={editable ? t("fields:edit_field", { label: field.label }) : undefined}
          onEdit={start}
          changed={problem !== undefined}
        >
          {children ??
            (textOf(field, value, context, record.fields) === "" ? (
              <Dimmed>{editable ? t("fields:empty") : "—"}</Dimmed>
            ) : (
              <FieldValue field={field} record={record} context={context} compact={bare} />
            ))}
        </ViewBox>
      )}
      {clash && (
        <ConflictNote
          text={t("card:conflict")}
          sides={[
            {
              label: t("card:theirs"),
              value:
                textOf(field, clash.theirs.fields[field.key], context, clash.theirs.fields) ||
                t("fields:empty"),
            },
            {
              label: t("card:mine"),
              value: textOf(field, clash.mine, context, record.fields) || t("fields:empty"),
            },
          ]}
          actions={
            <>
              <Button
                variant="default"
                onClick={() => {
                  putRecord(clash.theirs);
                  setClash(undefined);
                }}
              >
                {t("card:take_theirs")}
              </Button>
              <Button
                onClick={() => {
                  setClash(undefined);
                  send(clash.theirs, clash.mine);
                }}
              >
                {t("card:keep_mine")}
              </Button>
            </>
          }
        />
      )}
    </FieldRow>
  );
}

/** Opens the next field's editor: Tab goes on. */
function editNext(from: HTMLElement, back: boolean): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-field-row] [data-edit]")];
  const here = [...document.querySelectorAll<HTMLElement>("[data-field-row]")];
  const position = here.indexOf(from);
  const next = back
    ? all.filter((edit) => here.indexOf(edit.closest("[data-field-row]") as HTMLElement) < position).at(-1)
    : all.find((edit) => here.indexOf(edit.closest("[data-field-row]") as HTMLElement) > position);
  setTimeout(() => next?.click(), 0);
}
