/** What an action asks before it is done: up to five inputs, and what is to be confirmed. */
import { Button, Modal } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf, NetworkError } from "@/api/problem";
import type { Fields } from "@/api/types";
import { AskButtons, AskFields } from "@/ui/block-frame";
import { shapeOf, usePage, useSay } from "./context";
import { Lines, useReason } from "./form/lines";
import { type Asked, changed, fieldOfInput, judge, reasonsOf, sentOf } from "./form/model";
import { RefusedRows } from "./refused-rows";
import type { Action } from "./tree";
import { NothingDone, Refused, scopeOf, type Target } from "./verbs";

interface AskProps {
  action: Action;
  target: Target;
  onClose(): void;
  onDo(input: Fields, key: string): Promise<void>;
}

/** Up to five inputs, and what is to be confirmed; a refusal leaves what was typed. */
export default function AskDialog({ action, target, onClose, onDo }: AskProps) {
  const { t } = useTranslation(["blocks", "common"]);
  const page = usePage();
  const say = useSay();
  const reason = useReason();
  const scope = scopeOf(target);
  const [values, setValues] = useState<Fields>({});
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const key = useRef(newKey());
  const [refusals, setRefusals] = useState<Record<string, string>>({});
  const [nothing, setNothing] = useState<NothingDone>();
  const environment = page.environment({ ...scope, form: values });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `say` is made anew each time
  const asked = useMemo(
    () =>
      (action.ask ?? []).map((input): Asked => {
        const choices = (input.choices ?? []).map((one) => ({ value: one.value, label: say(one.label) }));
        return { name: input.name, input, field: fieldOfInput(input, say(input.label), choices) };
      }),
    [action.ask],
  );
  const judged = judge({}, asked, environment);
  const reasons = reasonsOf(judged, values, environment);
  const send = async () => {
    setTried(true);
    if (reasons.size > 0 || sending.current) return;
    sending.current = true;
    setNothing(undefined);
    setBusy(true);
    try {
      await onDo(sentOf(judged, values, {}), key.current);
      onClose();
    } catch (error) {
      // What was answered is another press the next time; a lost line is the same one again.
      if (!(error instanceof NetworkError)) key.current = newKey();
      if (error instanceof NothingDone) setNothing(error);
      else
        setRefusals(error instanceof Refused ? error.fields : { "": messageOf(error, t("common:network")) });
    }
    sending.current = false;
    setBusy(false);
  };
  const general = Object.entries(refusals).find(([name]) => !asked.some((one) => one.name === name))?.[1];
  return (
    <Modal
      opened
      onClose={onClose}
      title={say(action.label, environment)}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <AskFields>
          {action.confirm && <p>{say(action.confirm, environment)}</p>}
          {general && <p role="alert">{general}</p>}
          {nothing && (
            <div role="alert">
              <RefusedRows said={nothing.message} rows={nothing.refused} />
            </div>
          )}
          <Lines
            shape={shapeOf("ask", { loading: false })}
            asked={judged.steps[0]?.asked ?? []}
            judged={judged}
            values={values}
            refs={{}}
            environment={environment}
            focus
            reasonFor={(name) =>
              refusals[name] ?? (tried ? reason(reasons.get(name), environment) : undefined)
            }
            onChange={(name, value) => {
              setValues((old) => changed(asked, old, name, value));
              setRefusals({});
            }}
          />
        </AskFields>
        <AskButtons>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={busy} color={action.tone === "danger" ? "red" : undefined}>
            {say(action.label, environment)}
          </Button>
        </AskButtons>
      </form>
    </Modal>
  );
}
