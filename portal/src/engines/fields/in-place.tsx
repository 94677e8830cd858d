/**
 * A field that is edited where it stands: click or Enter to edit, Enter saves, Esc restores, Tab saves and
 * goes to the next field. A refusal puts the old value back, says why here and keeps what was typed.
 */
import { Button, TextInput } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field, Fields, RecordData, Refs, Value } from "@/api/types";
import type { RowSource } from "@/engines/source";
import { ConflictNote, EditBox, FieldRow, SideBySide, UnsavedNote, ViewBox } from "@/ui/field";
import { Dimmed } from "@/ui/value";
import { useTextContext } from "./context";
import { CurrencySelect } from "./currency-select";
import { FieldEditor } from "./editor";
import { asNow, useCardEvaluated } from "./evaluated";
import { textOf } from "./text";
import { useFieldEdit } from "./use-field-edit";
import { FieldValue } from "./value";
import { unreadText } from "./values";

interface Props {
  source: RowSource;
  field: Field;
  record: RecordData;
  refs: Refs;
  /** Stage changes have their own road. */
  onStage?(stage: string): void;
  /** Without a label: a table cell or a title. */
  bare?: boolean;
  children?: ReactNode;
}

/** As it is now: not there, locked, or with fewer choices, where that depends on what stands in others. */
export function InPlace(props: Props) {
  const { answer, preview } = useCardEvaluated();
  const field = asNow(props.field, answer);
  if (!field) return null;
  const computed = preview && field.computed;
  const record = computed
    ? { ...props.record, fields: { ...props.record.fields, ...preview } }
    : props.record;
  return <Standing {...props} field={field} record={record} />;
}

function Standing({ source, field, record, refs, onStage, bare, children }: Props) {
  const entity = source.shape;
  const { typed } = useCardEvaluated();
  const [why, setWhy] = useState("");
  const { t } = useTranslation(["common", "fields", "card"]);
  const context = useTextContext(entity, refs);
  const box = useRef<HTMLDivElement>(null);
  const edit = useFieldEdit({ source, field, record, onStage });
  const { draft, unsaved, problem, clash, editable } = edit;
  const commit = (next: Value, newRefs?: Refs, focus = true, beside?: Fields) => {
    const closed = edit.commit(next, newRefs, beside);
    if (closed) typed(undefined);
    if (closed && focus) focusBack(box.current);
  };
  const inWords = (value: Value, fields = record.fields) =>
    unreadText(value) ?? (textOf(field, value, context, fields) || t("fields:empty"));

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
          <SideBySide>
            <FieldEditor
              entity={entity}
              field={field}
              value={draft.value}
              refs={{ ...refs, ...draft.refs }}
              fields={{ ...record.fields, ...draft.beside }}
              autoFocus
              open
              onChange={(next, newRefs, beside) => {
                edit.change(next, newRefs, beside);
                typed({ ...beside, [field.key]: next });
              }}
              onCommit={(next, newRefs, beside) => commit(next, newRefs, true, beside)}
              onCancel={() => {
                edit.cancel();
                typed(undefined);
                focusBack(box.current);
              }}
            />
            {field.type === "money" && (
              <CurrencySelect
                shape={entity}
                field={field}
                fields={{ ...record.fields, ...draft.beside }}
                fallback={context.currency}
                onChange={edit.changeBeside}
              />
            )}
          </SideBySide>
        </EditBox>
      ) : (
        <ViewBox
          label={editable ? t("fields:edit_field", { label: field.label }) : undefined}
          onEdit={edit.start}
          changed={problem !== undefined}
        >
          {children ??
            (textOf(field, record.fields[field.key], context, record.fields) === "" ? (
              <Dimmed>{editable ? t("fields:empty") : "—"}</Dimmed>
            ) : (
              <FieldValue field={field} record={record} context={context} compact={bare} />
            ))}
        </ViewBox>
      )}
      {unsaved && (
        <UnsavedNote
          text={t("fields:not_saved", { value: inWords(unsaved.value) })}
          actions={
            <>
              <Button size="compact-sm" variant="default" onClick={edit.start}>
                {t("fields:edit_again")}
              </Button>
              {unsaved.warned && (
                <TextInput
                  size="xs"
                  aria-label={t("card:warned_reason")}
                  placeholder={t("card:warned_reason")}
                  maxLength={500}
                  value={why}
                  onChange={(event) => setWhy(event.currentTarget.value)}
                />
              )}
              {unreadText(unsaved.value) === undefined && (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => edit.again(why.trim() || undefined)}
                >
                  {t("common:retry")}
                </Button>
              )}
              <Button size="compact-sm" variant="subtle" color="gray" onClick={edit.discard}>
                {t("fields:discard")}
              </Button>
            </>
          }
        />
      )}
      {clash && (
        <ConflictNote
          text={t("card:conflict")}
          sides={[
            {
              label: t("card:theirs"),
              value: inWords(clash.theirs.fields[field.key], clash.theirs.fields),
            },
            { label: t("card:mine"), value: inWords(clash.mine) },
          ]}
          actions={
            <>
              <Button variant="default" onClick={edit.takeTheirs}>
                {t("card:take_theirs")}
              </Button>
              <Button onClick={edit.keepMine}>{t("card:keep_mine")}</Button>
            </>
          }
        />
      )}
    </FieldRow>
  );
}

function focusBack(box: HTMLElement | null): void {
  setTimeout(() => box?.querySelector<HTMLElement>("[data-edit]")?.focus(), 0);
}

/** Opens the next field's editor: Tab goes on. */
function editNext(from: HTMLElement, back: boolean): void {
  const card = from.closest("[data-card-body]") ?? document;
  const all = [...card.querySelectorAll<HTMLElement>("[data-field-row] [data-edit]")];
  const here = [...card.querySelectorAll<HTMLElement>("[data-field-row]")];
  const position = here.indexOf(from);
  const next = back
    ? all.filter((edit) => here.indexOf(edit.closest("[data-field-row]") as HTMLElement) < position).at(-1)
    : all.find((edit) => here.indexOf(edit.closest("[data-field-row]") as HTMLElement) > position);
  setTimeout(() => next?.click(), 0);
}
