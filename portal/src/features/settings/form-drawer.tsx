/** A form at the right of the page; the server's general refusal stands above its fields. */
import { Button, Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { FormActions, FormFields, firstUnread } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";

interface Props {
  title: string;
  submit: string;
  pending: boolean;
  error: unknown;
  /** Names of the inputs: their refusals stand beside them. */
  fields: string[];
  /** At the left of the buttons. */
  extra?: ReactNode;
  onClose(): void;
  onSubmit(): void;
  children: ReactNode;
}

/** What is left to say above the form when single fields have their own words. */
export function generalRefusal(error: unknown, fields: string[], network: string): string | undefined {
  if (!error) return undefined;
  const named = error instanceof ApiError ? Object.keys(error.problem.fields ?? {}) : [];
  if (named.length > 0 && named.every((name) => fields.includes(name))) return undefined;
  return messageOf(error, network);
}

export function FormDrawer(props: Props) {
  const { t } = useTranslation("common");
  const refusal = generalRefusal(props.error, props.fields, t("network"));
  return (
    <Drawer
      opened
      onClose={props.onClose}
      position="right"
      size={480}
      title={props.title}
      closeButtonProps={{ "aria-label": t("close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <form
        aria-label={props.title}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const unread = firstUnread(event.currentTarget);
          if (unread) unread.focus();
          else if (!props.pending) props.onSubmit();
        }}
      >
        <FormFields>
          {refusal && <FormProblem>{refusal}</FormProblem>}
          {props.children}
        </FormFields>
        <FormActions>
          {props.extra}
          <Button variant="default" onClick={props.onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" loading={props.pending}>
            {props.submit}
          </Button>
        </FormActions>
      </form>
    </Drawer>
  );
}

/** The server's words about one field of a failed save. */
export const fieldRefusal = (error: unknown, name: string): string | undefined =>
  error instanceof ApiError ? error.fieldMessage(name) : undefined;
