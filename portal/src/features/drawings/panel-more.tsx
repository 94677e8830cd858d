/** What elements other than steps need to be told: what a machine does, how long to wait, which message, which process. */
import { SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { definitionsQuery } from "@/api/processes";
import type { Designer } from "@/engines/designer/designer";
import { once } from "@/engines/designer/edits";
import { childOf, isA, listOf, type Moddle, textOf } from "@/engines/designer/moddle";
import type { Shape } from "@/engines/designer/services";
import { timerSpan } from "@/engines/designer/time";
import { PanelPart } from "@/ui/designer-panel";
import { Hint } from "@/ui/work";
import type { ContractProps } from "./contract-props";
import { CommitText, SpanInput } from "./inputs";
import { ConditionInput } from "./panel-flow";
import { ParamsInput } from "./params-input";

const services = [
  "email",
  "update-record",
  "create-record",
  "delete-record",
  "link",
  "unlink",
  "convert-lead",
  "document",
  "notice",
  "start-process",
  "webhook",
] as const;

export function ServicePart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { service, params, resultVariable } = contract;
  const words = services.map((one) => ({
    value: one as string,
    label: t(`service_${one.replace("-", "_") as "email"}`),
  }));
  const known = (services as readonly string[]).includes(service);
  return (
    <PanelPart name="service" title={t("part_service")}>
      <Select
        aria-label={t("part_service")}
        placeholder={t("service_choose")}
        allowDeselect={false}
        data={service && !known ? [...words, { value: service, label: service }] : words}
        value={service || null}
        onChange={(next) => next && set({ service: next })}
      />
      {service && <ParamsInput kind={service} params={params} onChange={(next) => set({ params: next })} />}
      <CommitText
        label={t("result_variable")}
        value={resultVariable}
        onCommit={(next) => set({ resultVariable: next.trim() })}
      />
    </PanelPart>
  );
}

interface Props {
  designer: Designer;
  shape: Shape;
}

/** Expressions of scripts stand in the file as the standard has them, those of rules in an attribute of ours. */
export function ScriptPart({ designer, shape, contract, set }: Props & ContractProps) {
  const { t } = useTranslation("drawings");
  const script = shape.type === "bpmn:ScriptTask";
  return (
    <PanelPart name="service" title={t("part_script")} hint={t("script_hint")}>
      <CommitText
        label={t("condition_formula")}
        rows={2}
        mono
        value={script ? textOf(shape.businessObject, "script") : contract.expression}
        onCommit={(text) =>
          script
            ? designer.update(shape, { script: text.trim() || undefined, scriptFormat: "cel" })
            : set({ expression: text.trim() })
        }
      />
      <CommitText
        label={t("result_variable")}
        value={contract.resultVariable}
        onCommit={(next) => set({ resultVariable: next.trim() })}
      />
    </PanelPart>
  );
}

export function CallPart({ designer, shape }: Props) {
  const { t } = useTranslation("drawings");
  const { data } = useQuery(definitionsQuery);
  const called = textOf(shape.businessObject, "calledElement");
  const known = (data ?? []).map(({ key, name }) => ({ value: key, label: name }));
  const listed = called && !known.some(({ value }) => value === called);
  return (
    <PanelPart name="service" title={t("part_call")}>
      <Select
        aria-label={t("part_call")}
        placeholder={t("call_choose")}
        searchable
        allowDeselect={false}
        data={listed ? [...known, { value: called, label: called }] : known}
        value={called || null}
        onChange={(key) => key && designer.update(shape, { calledElement: key })}
      />
    </PanelPart>
  );
}

const timers = ["timeDuration", "timeDate", "timeCycle"] as const;

export function TimerPart({ designer, shape, timer }: Props & { timer: Moddle }) {
  const { t } = useTranslation("drawings");
  const kind = timers.find((one) => childOf(timer, one)) ?? "timeDuration";
  const expression = childOf(timer, kind);
  const value = expression ? textOf(expression, "body") : "";
  const put = (name: (typeof timers)[number], body: string) =>
    designer.updatePart(shape, timer, {
      ...Object.fromEntries(timers.map((one) => [one, undefined])),
      [name]: body ? designer.create("bpmn:FormalExpression", { body }) : undefined,
    });
  const words = { timeDuration: "PT1H", timeDate: "2027-01-15T09:00", timeCycle: "R/P1D" };
  return (
    <PanelPart name="timer" title={t("part_timer")} hint={t(`timer_hint_${kind}`)}>
      <SegmentedControl
        aria-label={t("timer_how")}
        value={kind}
        onChange={(next) => {
          const name = next as (typeof timers)[number];
          put(name, words[name]);
        }}
        data={timers.map((one) => ({ value: one, label: t(`timer_${one}`) }))}
      />
      {kind === "timeDuration" && (!value || timerSpan(value)) ? (
        <SpanInput
          label={t("timer_length")}
          value={value}
          read={timerSpan}
          onCommit={(body) => put(kind, body)}
        />
      ) : (
        <CommitText label={t(`timer_${kind}`)} value={value} onCommit={(body) => put(kind, body.trim())} />
      )}
    </PanelPart>
  );
}

const named: Record<string, { part: string; type: string }> = {
  "bpmn:MessageEventDefinition": { part: "messageRef", type: "bpmn:Message" },
  "bpmn:SignalEventDefinition": { part: "signalRef", type: "bpmn:Signal" },
  "bpmn:ErrorEventDefinition": { part: "errorRef", type: "bpmn:Error" },
  "bpmn:EscalationEventDefinition": { part: "escalationRef", type: "bpmn:Escalation" },
};

/** Messages and their like stand beside the process, and are known by their name. */
export function NamedPart({ designer, shape, holder }: Props & { holder: Moddle }) {
  const { t } = useTranslation("drawings");
  const { part, type } = named[holder.$type] ?? { part: "messageRef", type: "bpmn:Message" };
  const definitions = rootOf(shape.businessObject);
  const all = listOf(definitions, "rootElements").filter((one) => one.$type === type);
  const coded = type === "bpmn:Error" || type === "bpmn:Escalation";
  const wordOf = (one: Moddle) =>
    (coded && textOf(one, type === "bpmn:Error" ? "errorCode" : "escalationCode")) ||
    one.name ||
    one.id ||
    "";
  const present = childOf(holder, part);
  const put = (text: string) => {
    const name = text.trim();
    const known = all.find((one) => wordOf(one) === name);
    once(designer.get, () => {
      let chosen: Moddle | undefined = known;
      if (name && !known && definitions) {
        const code = type === "bpmn:Error" ? { errorCode: name } : { escalationCode: name };
        chosen = designer.create(type, coded ? { name, ...code } : { name });
        chosen.$parent = definitions;
        designer.updatePart(shape, definitions, {
          rootElements: [...listOf(definitions, "rootElements"), chosen],
        });
      }
      if (holder === shape.businessObject) designer.update(shape, { [part]: name ? chosen : undefined });
      else designer.updatePart(shape, holder, { [part]: name ? chosen : undefined });
    });
  };
  return (
    <PanelPart name="event" title={t(`part_${part as "messageRef"}`)}>
      <CommitText
        label={t(coded ? "event_code" : "event_name")}
        value={present ? wordOf(present) : ""}
        offers={all.map(wordOf)}
        onCommit={put}
      />
    </PanelPart>
  );
}

function rootOf(element: Moddle): Moddle | undefined {
  let one: Moddle | undefined = element;
  while (one && one.$type !== "bpmn:Definitions") one = one.$parent;
  return one;
}

/** What the events of an element wait for or do. */
export function EventParts({ designer, shape }: Props) {
  const { t } = useTranslation("drawings");
  const [definition] = listOf(shape.businessObject, "eventDefinitions");
  if (!definition) return null;
  if (definition.$type === "bpmn:TimerEventDefinition") {
    return <TimerPart designer={designer} shape={shape} timer={definition} />;
  }
  if (definition.$type === "bpmn:ConditionalEventDefinition") {
    const condition = childOf(definition, "condition");
    return (
      <PanelPart name="condition" title={t("part_condition")}>
        <ConditionInput
          designer={designer}
          value={condition ? textOf(condition, "body") : ""}
          onChange={(body) =>
            designer.updatePart(shape, definition, {
              condition: designer.create("bpmn:FormalExpression", { body }),
            })
          }
        />
      </PanelPart>
    );
  }
  if (named[definition.$type]) return <NamedPart designer={designer} shape={shape} holder={definition} />;
  const hint = hints[definition.$type];
  return hint ? <Hint>{t(hint)}</Hint> : null;
}

const hints: Record<string, "terminate_hint" | "undo_hint" | "cancel_hint"> = {
  "bpmn:TerminateEventDefinition": "terminate_hint",
  "bpmn:CompensateEventDefinition": "undo_hint",
  "bpmn:CancelEventDefinition": "cancel_hint",
};

/** How many of those that lead to a gateway are enough. */
export function ActivationPart({ designer, shape }: Props) {
  const { t } = useTranslation("drawings");
  const condition = childOf(shape.businessObject, "activationCondition");
  return (
    <PanelPart name="condition" title={t("part_activation")} hint={t("activation_hint")}>
      <CommitText
        label={t("condition_formula")}
        mono
        value={condition ? textOf(condition, "body") : ""}
        onCommit={(text) => {
          const body = text.trim();
          designer.update(shape, {
            activationCondition: body ? designer.create("bpmn:FormalExpression", { body }) : undefined,
          });
        }}
      />
    </PanelPart>
  );
}

/** Whether it stops the step at whose border it is. */
export function BorderPart({ designer, shape }: Props) {
  const { t } = useTranslation("drawings");
  const [definition] = listOf(shape.businessObject, "eventDefinitions");
  const undoes = definition?.$type === "bpmn:CompensateEventDefinition";
  if (!isA(shape.businessObject, "bpmn:BoundaryEvent") || undoes) return null;
  return (
    <PanelPart name="border" title={t("part_border")}>
      <SegmentedControl
        aria-label={t("part_border")}
        value={shape.businessObject.get("cancelActivity") === false ? "beside" : "instead"}
        onChange={(next) => designer.update(shape, { cancelActivity: next === "instead" })}
        data={[
          { value: "instead", label: t("border_instead") },
          { value: "beside", label: t("border_beside") },
        ]}
      />
    </PanelPart>
  );
}
