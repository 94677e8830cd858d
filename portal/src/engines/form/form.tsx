/** A form as a whole: its fields one under another, reasons beside them, what to do at the foot. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { RecordData } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import type { FormSource } from "@/engines/source";
import { FormActions, FormFields, FormNote } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { useForm } from "./use-form";

interface Props {
  source: FormSource;
  /** Spoken name of the form. */
  label: string;
  /** What the button says. */
  action: string;
  onDone(record: RecordData): void;
}

export function FormBody({ source, label, action, onDone }: Props) {
  const { t } = useTranslation(["card", "common"]);
  const form = useForm(source, onDone);
  return (
    <form
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        form.submit();
      }}
    >
      <FormFields>
        {form.problem && <FormProblem>{messageOf(form.problem, t("common:network"))}</FormProblem>}
        {source.fields.map((field, index) => (
          <FieldEditor
            key={field.key}
            entity={source.shape}
            field={field}
            label={field.required ? `${field.label} *` : field.label}
            value={form.draft.fields[field.key] ?? null}
            refs={form.draft.refs}
            error={form.reasonFor(field.key)}
            autoFocus={index === 0}
            onChange={(value, refs) => form.change(field.key, value, refs)}
          />
        ))}
      </FormFields>
      <FormActions>
        {form.dirty && <FormNote>{t("card:draft_kept")}</FormNote>}
        {form.dirty && (
          <Button variant="subtle" color="gray" onClick={form.clear}>
            {t("card:clear_form")}
          </Button>
        )}
        <Button type="submit" loading={form.pending}>
          {action}
        </Button>
      </FormActions>
    </form>
  );
}
