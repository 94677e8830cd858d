/** What can be drawn, in our words: nine kinds for everybody, and all else that runs. Pure. */
import { isA, listOf, type Moddle } from "./moddle";

export interface KindShape {
  type: string;
  eventDefinitionType?: string;
  isExpanded?: boolean;
  cancelActivity?: boolean;
}

const timer = "bpmn:TimerEventDefinition";
const message = "bpmn:MessageEventDefinition";
const signal = "bpmn:SignalEventDefinition";
const condition = "bpmn:ConditionalEventDefinition";
const error = "bpmn:ErrorEventDefinition";
const escalation = "bpmn:EscalationEventDefinition";
const compensation = "bpmn:CompensateEventDefinition";
const cancel = "bpmn:CancelEventDefinition";
const event = (type: string, eventDefinitionType: string): KindShape => ({ type, eventDefinitionType });

/** By what stands first in the palette. */
export const kinds = {
  start: { type: "bpmn:StartEvent" },
  step: { type: "bpmn:UserTask" },
  auto: { type: "bpmn:ServiceTask" },
  question: { type: "bpmn:ExclusiveGateway" },
  parallel: { type: "bpmn:ParallelGateway" },
  wait: event("bpmn:IntermediateCatchEvent", timer),
  subprocess: { type: "bpmn:SubProcess", isExpanded: true },
  end: { type: "bpmn:EndEvent" },
  note: { type: "bpmn:TextAnnotation" },
  manual: { type: "bpmn:ManualTask" },
  script: { type: "bpmn:ScriptTask" },
  rule: { type: "bpmn:BusinessRuleTask" },
  send: { type: "bpmn:SendTask" },
  receive: { type: "bpmn:ReceiveTask" },
  call: { type: "bpmn:CallActivity" },
  any: { type: "bpmn:InclusiveGateway" },
  race: { type: "bpmn:EventBasedGateway" },
  some: { type: "bpmn:ComplexGateway" },
  transaction: { type: "bpmn:Transaction", isExpanded: true },
  wait_message: event("bpmn:IntermediateCatchEvent", message),
  wait_signal: event("bpmn:IntermediateCatchEvent", signal),
  wait_condition: event("bpmn:IntermediateCatchEvent", condition),
  throw_message: event("bpmn:IntermediateThrowEvent", message),
  throw_signal: event("bpmn:IntermediateThrowEvent", signal),
  throw_escalation: event("bpmn:IntermediateThrowEvent", escalation),
  throw_undo: event("bpmn:IntermediateThrowEvent", compensation),
  start_timer: event("bpmn:StartEvent", timer),
  start_message: event("bpmn:StartEvent", message),
  start_signal: event("bpmn:StartEvent", signal),
  start_condition: event("bpmn:StartEvent", condition),
  end_terminate: event("bpmn:EndEvent", "bpmn:TerminateEventDefinition"),
  end_error: event("bpmn:EndEvent", error),
  end_escalation: event("bpmn:EndEvent", escalation),
  end_message: event("bpmn:EndEvent", message),
  end_signal: event("bpmn:EndEvent", signal),
  end_undo: event("bpmn:EndEvent", compensation),
  end_cancel: event("bpmn:EndEvent", cancel),
  on_timer: event("bpmn:BoundaryEvent", timer),
  on_message: event("bpmn:BoundaryEvent", message),
  on_signal: event("bpmn:BoundaryEvent", signal),
  on_error: event("bpmn:BoundaryEvent", error),
  on_escalation: event("bpmn:BoundaryEvent", escalation),
  on_condition: event("bpmn:BoundaryEvent", condition),
  on_undo: event("bpmn:BoundaryEvent", compensation),
  on_cancel: event("bpmn:BoundaryEvent", cancel),
  pool: { type: "bpmn:Participant", isExpanded: true },
} satisfies Record<string, KindShape>;

export type Kind = keyof typeof kinds;
export const shapeOf = (kind: Kind): KindShape => kinds[kind];

export const common: Kind[] = [
  "start",
  "step",
  "auto",
  "question",
  "parallel",
  "wait",
  "subprocess",
  "end",
  "note",
];
const all = Object.keys(kinds) as Kind[];
export const rare = all.filter((kind) => !common.includes(kind) && !kind.startsWith("on_"));
/** What happens at the border of a step while it is open. */
export const borders = all.filter((kind) => kind.startsWith("on_"));
/** What may stand after another step. */
const after: Kind[] = ["step", "auto", "question", "parallel", "wait", "subprocess", "end"];
export const following = (everything: boolean): Kind[] =>
  everything ? [...after, ...rare.filter((kind) => !kind.startsWith("start_") && kind !== "pool")] : after;

const families: ((shape: KindShape) => boolean)[] = [
  ({ type }) =>
    type.endsWith("Task") || ["bpmn:CallActivity", "bpmn:SubProcess", "bpmn:Transaction"].includes(type),
  ({ type }) => type.endsWith("Gateway"),
  ({ type }) => type === "bpmn:StartEvent",
  ({ type }) => type === "bpmn:EndEvent",
  ({ type }) => type.startsWith("bpmn:Intermediate"),
  ({ type }) => type === "bpmn:BoundaryEvent",
];

/** What this kind of element can become and keep its arrows. */
export function becoming(kind: Kind | undefined, everything: boolean): Kind[] {
  if (!kind) return [];
  const family = families.find((belongs) => belongs(shapeOf(kind)));
  if (!family) return [];
  const offered = family({ type: "bpmn:BoundaryEvent" }) || everything ? all : common;
  return [...new Set([...offered.filter((one) => family(shapeOf(one))), kind])];
}

/** What an element of the file is, in our words; undefined for what they have none for. */
export function kindOf(element: Moddle): Kind | undefined {
  const definition = listOf(element, "eventDefinitions")[0]?.$type;
  return all.find((kind) => {
    const shape = shapeOf(kind);
    return shape.type === element.$type && shape.eventDefinitionType === definition;
  });
}

/** What a person calls a step: what can be in the list beside the drawing. */
export const isStep = (element: Moddle): boolean => isA(element, "bpmn:FlowNode");
