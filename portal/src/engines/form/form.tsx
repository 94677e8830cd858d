/** A form as a whole: its fields one under another, reasons beside them, what to do at the foot. */
import { Button, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Evaluated } from "@/api/evaluate";
import { messageOf } from "@/api/problem";
import { useMe } from "@/api/session";
import type { Field, Fields, RecordData } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { CurrencySelect } from "@/engines/fields/currency-select";
import { FieldEditor } from "@/engines/fields/editor";
import { asNow, useAsk, wrongNow } from "@/engines/fields/evaluated";
import { textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import type { FormSource, Shape } from "@/engines/source";
import { SideBySide } from "@/ui/field";
import { FormActions, FormFacts, FormFields, FormNote, FormWide } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { isDemanded, withoutCurrencies } from "./fields";
import { type Form, isStarred, useForm } from "./use-form";

interface Props {
  source: FormSource;
  /** Spoken name of the form. */
  label: string;
  /** What the button says. */
  action: string;
  /** In a narrow place, and it stays for the next one. */
  small?: boolean;
  /** The fields not asked at first are another place's to show. */
  onMore?(): void;
  /** Said under the fields about what stands in them. */
  hint?(values: Fields): ReactNode;
  /** Beside the button. */
  beside?: ReactNode;
  onDone(record: RecordData, later: Fields): void;
}

export function FormBody({ source, label, action, small, onMore, hint, beside, onDone }: Props) {
  const { t } = useTranslation(["card", "common"]);
  const [answer, setAnswer] = useState<Evaluated>();
  const now = useMemo(() => sourceNow(source, answer), [source, answer]);
  const form = useForm(now, { repeat: small, onDone });
  useAsk(source.ask, form.values, setAnswer);
  const [reason, setReason] = useState("");
  const element = useRef<HTMLFormElement>(null);
  // After an undone clearing the controls begin anew with what they held.
  const [life, setLife] = useState(0);
  const lines = withoutCurrencies(source.shape, form.shown);
  const computed = source.shape.fields.filter((field) => field.computed && !field.part_of);

  // What is wrong comes into view; the focus stays where the person has it.
  useEffect(() => {
    if (form.failures === 0) return;
    element.current?.querySelector("[aria-invalid=true], [role=alert]")?.scrollIntoView({ block: "nearest" });
  }, [form.failures]);

  const clear = () => {
    const { back } = form.clear();
    setLife((count) => count + 1);
    const again = () => {
      back();
      setLife((count) => count + 1);
    };
    toast({ message: t("card:form_cleared"), action: { label: t("common:undo"), run: again } });
  };

  return (
    <form
      ref={element}
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        form.submit(reason.trim() || undefined);
      }}
    >
      <FormFields small={small}>
        {form.problem && <FormProblem>{messageOf(form.problem, t("common:network"))}</FormProblem>}
        {lines.map((field, index) => (
          <Line
            key={`${field.key} ${life}`}
            form={form}
            source={now}
            field={field}
            wrong={isEmpty(form.draft.fields[field.key]) ? undefined : wrongNow(field.key, answer)}
            first={index === 0}
          />
        ))}
        {form.more && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onMore ?? form.showAll}>
            {t("card:all_fields")}
          </Button>
        )}
        {answer && <Computed fields={computed} shape={source.shape} values={answer.formulas} />}
        {form.warned && (
          <TextInput
            label={t("card:warned_reason")}
            description={t("card:warned_hint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {hint?.(form.values)}
      </FormFields>
      <FormActions small={small}>
        {form.dirty && !small && <FormNote>{t("card:draft_kept")}</FormNote>}
        {form.dirty && !small && (
          <Button variant="subtle" color="gray" onClick={clear}>
            {t("card:clear_form")}
          </Button>
        )}
        {beside}
        <Button type="submit" size={small ? "compact-sm" : undefined} loading={form.pending}>
          {action}
        </Button>
      </FormActions>
    </form>
  );
}

function Line({
  form,
  source,
  field,
  wrong,
  first,
}: {
  form: Form;
  source: FormSource;
  field: Field;
  /** What is wrong with it as it stands. */
  wrong?: string;
  first: boolean;
}) {
  const { shape } = source;
  const { currency } = useMe().tenant;
  const editor = (
    <FieldEditor
      entity={shape}
      field={field}
      label={isStarred(source, field) ? `${field.label} *` : field.label}
      value={form.values[field.key] ?? null}
      refs={form.draft.refs}
      fields={form.values}
      error={form.reasonFor(field.key) ?? wrong}
      autoFocus={first}
      onChange={(value, refs, beside) => {
        form.change(field.key, value, refs);
        for (const [key, also] of Object.entries(beside ?? {})) form.change(key, also);
      }}
    />
  );
  if (field.type !== "money") return editor;
  return (
    <SideBySide>
      <FormWide>{editor}</FormWide>
      <CurrencySelect
        shape={shape}
        field={field}
        fields={form.values}
        fallback={currency}
        labelled
        onChange={(beside) => {
          for (const [key, value] of Object.entries(beside)) form.change(key, value);
        }}
      />
    </SideBySide>
  );
}

/** The form as it is now: without what is not there, asking for what has become necessary. */
export function sourceNow(source: FormSource, answer: Evaluated | undefined): FormSource {
  if (!answer) return source;
  const fields = source.fields.map((field) => asNow(field, answer)).filter((field) => field !== undefined);
  const there = new Set(fields.map((field) => field.key));
  const hidden = source.fields.filter((field) => !there.has(field.key)).map((field) => field.key);
  const needed = fields.filter(isDemanded).map((field) => field.key);
  return {
    ...source,
    fields: fields.filter((field) => !field.read_only),
    first: source.first && [...source.first, ...needed],
    // What was typed before the field went is not meant any more.
    submit: (typed, key, refs, reason) => {
      const meant = Object.entries(typed).filter(([name]) => !hidden.includes(name));
      return source.submit(Object.fromEntries(meant), key, refs, reason);
    },
  };
}

/** What formulas give with what stands in the form. */
function Computed({ fields, shape, values }: { fields: Field[]; shape: Shape; values: Fields }) {
  const context = useTextContext(shape, {});
  const shown = fields.filter((field) => !isEmpty(values[field.key]));
  if (shown.length === 0) return null;
  return (
    <FormFacts
      items={shown.map((field) => ({
        label: field.label,
        value: textOf(field, values[field.key], context, values),
      }))}
    />
  );
}
