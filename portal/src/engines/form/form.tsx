/** A form as a whole: its fields one under another, reasons beside them, what to do at the foot. */
import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { useMe } from "@/api/session";
import type { Field, Fields, RecordData } from "@/api/types";
import { CurrencySelect } from "@/engines/fields/currency-select";
import { FieldEditor } from "@/engines/fields/editor";
import type { FormSource } from "@/engines/source";
import { SideBySide } from "@/ui/field";
import { FormActions, FormFields, FormNote, FormWide } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { withoutCurrencies } from "./fields";
import { type Form, useForm } from "./use-form";

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
  const form = useForm(source, { repeat: small, onDone });
  const element = useRef<HTMLFormElement>(null);
  // After an undone clearing the controls begin anew with what they held.
  const [life, setLife] = useState(0);
  const lines = withoutCurrencies(source.shape, form.shown);

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
        form.submit();
      }}
    >
      <FormFields small={small}>
        {form.problem && <FormProblem>{messageOf(form.problem, t("common:network"))}</FormProblem>}
        {lines.map((field, index) => (
          <Line key={`${field.key} ${life}`} form={form} source={source} field={field} first={index === 0} />
        ))}
        {form.more && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onMore ?? form.showAll}>
            {t("card:all_fields")}
          </Button>
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
  first,
}: {
  form: Form;
  source: FormSource;
  field: Field;
  first: boolean;
}) {
  const { shape } = source;
  const { currency } = useMe().tenant;
  const editor = (
    <FieldEditor
      entity={shape}
      field={field}
      label={field.required ? `${field.label} *` : field.label}
      value={form.values[field.key] ?? null}
      refs={form.draft.refs}
      fields={form.values}
      error={form.reasonFor(field.key)}
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
