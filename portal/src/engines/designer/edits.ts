/**
 * What the list of steps does to the drawing: add after, remove, move, connect, become another. Each is one entry of the
 * command stack, whatever it moves and connects.
 */
import { type Kind, shapeOf } from "./kinds";
import { isA } from "./moddle";
import type { Get, Shape } from "./services";

/** Between two steps of a line, with their borders. */
const STEP_WIDTH = 160;

const middle = (shape: Shape) => ({ x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 });

export const flowsFrom = (shape: Shape) => shape.outgoing.filter((one) => one.type === "bpmn:SequenceFlow");
export const flowsInto = (shape: Shape) => shape.incoming.filter((one) => one.type === "bpmn:SequenceFlow");

/** Many changes as one. */
export function once<T>(get: Get, run: () => T): T {
  let result: T | undefined;
  get("commandStack").execute("verstak.once", {
    run: () => {
      result = run();
    },
  });
  return result as T;
}

export const onceHandler = {
  preExecute: ({ run }: { run(): void }) => run(),
};

/** Between a step and the one after it where there is one way on, else as a new way. */
export function addAfter(get: Get, source: Shape, kind: Kind, name: string): Shape {
  return once(get, () => {
    const shape = get("elementFactory").createShape(shapeOf(kind));
    const [flow, ...others] = flowsFrom(source);
    const target = flow?.target;
    // A question's and a split's next step is one more way.
    const branches = isA(source.businessObject, "bpmn:Gateway") || kind === "end" || others.length > 0;
    const fits = flow && target && !branches && target.parent === source.parent;
    const made = fits ? insert(get, source, shape, flow, target) : get("autoPlace").append(source, shape);
    if (name && isA(made.businessObject, "bpmn:Activity")) {
      get("modeling").updateProperties(made, { name });
    }
    return made;
  });
}

function insert(get: Get, source: Shape, shape: Shape, flow: Shape, target: Shape): Shape {
  const modeling = get("modeling");
  const parent = source.parent ?? get("canvas").getRootElement();
  const right = source.x + source.width;
  if (target.x >= right) {
    const all = get("elementRegistry").filter((one) => inside(one, parent) && !one.waypoints);
    const start = right + 1;
    const by = Math.max(0, shape.width + STEP_WIDTH / 2 + 20 - (target.x - right));
    if (by > 0) {
      const { movingShapes, resizingShapes } = get("spaceTool").calculateAdjustments(all, "x", by, start);
      modeling.createSpace(movingShapes, resizingShapes, { x: by, y: 0 }, "e", start);
    }
  }
  const from = middle(source);
  const place =
    target.x >= right ? { x: right + 50 + shape.width / 2, y: from.y } : { x: from.x, y: from.y + 130 };
  const made = modeling.createShape(shape, place, parent);
  modeling.reconnectEnd(flow, made, middle(made));
  modeling.connect(made, target, { type: "bpmn:SequenceFlow" });
  modeling.layoutConnection(flow);
  return made;
}

function inside(shape: Shape, parent: Shape): boolean {
  for (let one: Shape | undefined = shape.parent; one; one = one.parent) if (one === parent) return true;
  return false;
}

/** An event at the border of a step: what happens while it is open. */
export function addBorder(get: Get, host: Shape, kind: Kind): Shape {
  return once(get, () => {
    const shape = get("elementFactory").createShape(shapeOf(kind));
    const place = { x: host.x + host.width * 0.7, y: host.y + host.height };
    return get("modeling").createShape(shape, place, host, { attach: true });
  });
}

/** What stands right before or after it on a line without branches, if the two can change places. */
export function neighbour(shape: Shape, way: "earlier" | "later"): Shape | undefined {
  const [one, ...more] = way === "later" ? flowsFrom(shape) : flowsInto(shape);
  const other = way === "later" ? one?.target : one?.source;
  if (!other || more.length > 0 || !isA(other.businessObject, "bpmn:FlowNode")) return undefined;
  const [first, second] = way === "later" ? [shape, other] : [other, shape];
  const line = (step: Shape) =>
    flowsFrom(step).length === 1 && flowsInto(step).length === 1 && step.parent === shape.parent;
  return line(first) && line(second) && first !== second ? other : undefined;
}

/** The two change places on their line and in the drawing. */
export function move(get: Get, shape: Shape, way: "earlier" | "later"): void {
  const other = neighbour(shape, way);
  if (!other) return;
  const [first, second] = way === "later" ? [shape, other] : [other, shape];
  const [into, between, out] = [flowsInto(first)[0], flowsFrom(first)[0], flowsFrom(second)[0]];
  if (!into || !between || !out) return;
  once(get, () => {
    const modeling = get("modeling");
    const [left, right] = [middle(first), middle(second)];
    modeling.moveShape(first, { x: right.x - left.x, y: right.y - left.y });
    modeling.moveShape(second, { x: left.x - right.x, y: left.y - right.y });
    modeling.reconnectEnd(into, second, middle(second));
    modeling.reconnectStart(out, first, middle(first));
    // Both ends of what lies between turn around; by way of a new flow, for none may lead into itself.
    modeling.removeElements([between]);
    modeling.connect(second, first, { type: "bpmn:SequenceFlow" });
    for (const flow of [into, out]) modeling.layoutConnection(flow);
  });
}

export function mayConnect(get: Get, source: Shape, target: Shape): boolean {
  const allowed = get("rules").allowed("connection.create", { source, target });
  return (
    typeof allowed === "object" &&
    allowed !== null &&
    (allowed as { type?: string }).type === "bpmn:SequenceFlow" &&
    !flowsFrom(source).some((flow) => flow.target === target)
  );
}

export const connect = (get: Get, source: Shape, target: Shape): Shape =>
  get("modeling").connect(source, target, { type: "bpmn:SequenceFlow" });

export const become = (get: Get, shape: Shape, kind: Kind): Shape =>
  get("bpmnReplace").replaceElement(shape, shapeOf(kind));
