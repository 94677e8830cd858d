/** The lines of a form: each value by the editor of its type, with its help and what is wrong with it. */
import { useTranslation } from "react-i18next";
import type { Fields, Refs, Value } from "@/api/types";
import { useSay } from "@/engines/blocks/context";
import type { Environment } from "@/engines/blocks/expression/evaluate";
import { FieldEditor } from "@/engines/fields/editor";
import type { Shape } from "@/engines/source";
import { formatNumber } from "@/i18n/format";
import { Hint } from "@/ui/block";
import { isOwnInput, OwnInput } from "./inputs";
import type { Asked, Judged, Reason } from "./model";

export function useReason(): (reason: Reason | undefined, environment: Environment) => string | undefined {
  const { t } = useTranslation(["blocks", "fields"]);
  const say = useSay();
  return (reason, environment) => {
    if (!reason) return undefined;
    if ("text" in reason) return say(reason.text, environment);
    if (reason.key === "needed") return t("blocks:needed");
    if (reason.key === "unread") return t("blocks:unread");
    if (reason.key === "sending") return t("blocks:file_sending");
    if (reason.key === "backwards") return t("blocks:end_before_start");
    if (reason.key === "row") return t("blocks:row_wrong", { number: reason.row });
    return t(reason.key === "too_small" ? "blocks:too_small" : "blocks:too_big", {
      bound: formatNumber(reason.bound),
    });
  };
}

interface Props {
  shape: Shape;
  asked: Asked[];
  judged: Judged;
  values: Fields;
  refs: Refs;
  environment: Environment;
  /** The first line takes the focus. */
  focus?: boolean;
  reasonFor(name: string): string | undefined;
  onChange(name: string, value: Value, refs?: Refs): void;
}

export function Lines({
  shape,
  asked,
  judged,
  values,
  refs,
  environment,
  focus,
  reasonFor,
  onChange,
}: Props) {
  const say = useSay();
  return asked.map(({ name, field, input }, index) => {
    const label = judged.required.has(name) ? `${field.label} *` : field.label;
    const help = input?.help && say(input.help, environment);
    return (
      <div key={name} data-field={name}>
        <fieldset disabled={judged.disabled.has(name)} style={{ all: "unset", display: "block" }}>
          {isOwnInput(input) ? (
            <OwnInput
              input={input}
              label={label}
              value={values[name] ?? null}
              refs={refs}
              shape={shape}
              environment={environment}
              error={reasonFor(name)}
              onChange={(value, known) => onChange(name, value, known)}
            />
          ) : (
            <FieldEditor
              entity={shape}
              field={field}
              label={label}
              value={values[name] ?? null}
              refs={refs}
              fields={values}
              error={reasonFor(name)}
              autoFocus={focus && index === 0}
              onChange={(value, known, beside) => {
                onChange(name, value, known);
                for (const [key, also] of Object.entries(beside ?? {})) onChange(key, also);
              }}
            />
          )}
        </fieldset>
        {help && <Hint>{help}</Hint>}
      </div>
    );
  });
}
