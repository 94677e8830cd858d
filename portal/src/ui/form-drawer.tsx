/**
 * A form at the right of the page; the server's general refusal stands above its fields. Closing it asks first when
 * something was typed.
 */
import { Button, Drawer } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { FormActions, FormFields, FormNote, firstUnread } from "./form";
import { FormProblem } from "./sign-in";
import { useFocusBack } from "./use-focus-back";

interface Props {
  title: string;
  submit: string;
  pending: boolean;
  error: unknown;
  /** Names of the inputs: their refusals stand beside them. */
  fields: string[];
  /** What stands in the inputs: whether something was typed is seen by it. */
  values: unknown;
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
  useFocusBack();
  const { t } = useTranslation("common");
  const [before] = useState(() => JSON.stringify(props.values));
  const [asking, setAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // A refused field below the fold would look as if nothing had happened.
  useEffect(() => {
    if (props.error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [props.error]);
  const close = () => {
    // A second Esc takes the question back, not the words.
    if (asking) setAsking(false);
    else if (JSON.stringify(props.values) === before) props.onClose();
    else setAsking(true);
  };
  const refusal = generalRefusal(props.error, props.fields, t("network"));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={480}
      title={props.title}
      closeButtonProps={{ "aria-label": t("close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <form
        ref={form}
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
        {asking ? (
          <FormActions>
            <FormNote urgent>{t("discard_ask")}</FormNote>
            <Button variant="default" color="gray" onClick={props.onClose}>
              {t("discard")}
            </Button>
            <Button autoFocus onClick={() => setAsking(false)}>
              {t("keep_typing")}
            </Button>
          </FormActions>
        ) : (
          <FormActions>
            {props.extra}
            <Button variant="default" onClick={close}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={props.pending}>
              {props.submit}
            </Button>
          </FormActions>
        )}
      </form>
    </Drawer>
  );
}

/** The server's words about one field of a failed save. */
export const fieldRefusal = (error: unknown, name: string): string | undefined =>
  error instanceof ApiError ? error.fieldMessage(name) : undefined;
