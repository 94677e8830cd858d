/** What a BPMN file says, read for a list of steps: names and kinds in the order of the arrows. */

const bpmn = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const di = "http://www.omg.org/spec/BPMN/20100524/DI";

export type NodeKind = "start" | "end" | "task" | "service" | "call" | "gateway" | "event" | "process";

export interface DrawnNode {
  id: string;
  name: string;
  kind: NodeKind;
  /** The element's own name in the file: `userTask`. */
  tag: string;
  documentation: string;
}

export interface Drawing {
  /** By id, processes too. */
  nodes: Map<string, DrawnNode>;
  /** Flow nodes in the order of the arrows, the first ways first. */
  order: DrawnNode[];
  /** Whether it has a picture. */
  drawn: boolean;
}

const kinds: Record<string, NodeKind> = {
  startEvent: "start",
  endEvent: "end",
  userTask: "task",
  manualTask: "task",
  task: "task",
  serviceTask: "service",
  scriptTask: "service",
  sendTask: "service",
  receiveTask: "event",
  businessRuleTask: "service",
  callActivity: "call",
  subProcess: "call",
  transaction: "call",
  exclusiveGateway: "gateway",
  inclusiveGateway: "gateway",
  parallelGateway: "gateway",
  eventBasedGateway: "gateway",
  complexGateway: "gateway",
  intermediateCatchEvent: "event",
  intermediateThrowEvent: "event",
  boundaryEvent: "event",
  process: "process",
};

const empty: Drawing = { nodes: new Map(), order: [], drawn: false };

export function readDrawing(xml: string): Drawing {
  const file = new DOMParser().parseFromString(xml, "application/xml");
  if (file.getElementsByTagName("parsererror").length > 0) return empty;
  const nodes = new Map<string, DrawnNode>();
  const inFile: DrawnNode[] = [];
  const flows: { from: string; to: string }[] = [];
  const hanging: typeof flows = [];
  for (const element of file.getElementsByTagNameNS(bpmn, "*")) {
    const tag = element.localName;
    const id = element.getAttribute("id") ?? "";
    if (tag === "sequenceFlow") {
      flows.push({
        from: element.getAttribute("sourceRef") ?? "",
        to: element.getAttribute("targetRef") ?? "",
      });
      continue;
    }
    const kind = kinds[tag];
    if (!kind || !id) continue;
    const node = nodeOf(element, tag, id, kind);
    nodes.set(id, node);
    if (kind !== "process") inFile.push(node);
    // What hangs on a step comes after it, though no arrow leads there.
    const host = tag === "boundaryEvent" ? element.getAttribute("attachedToRef") : null;
    if (host) hanging.push({ from: host, to: id });
  }
  const drawn = file.getElementsByTagNameNS(di, "BPMNShape").length > 0;
  return { nodes, order: inOrder(inFile, [...flows, ...hanging]), drawn };
}

function nodeOf(element: Element, tag: string, id: string, kind: NodeKind): DrawnNode {
  const documentation = [...element.children].find(
    (child) => child.localName === "documentation" && child.namespaceURI === bpmn,
  );
  return {
    id,
    tag,
    kind,
    name: (element.getAttribute("name") ?? "").replace(/\s+/g, " ").trim(),
    documentation: documentation?.textContent?.trim() ?? "",
  };
}

/** Depth first from the starts, each once: a way to its end, then the next; what no arrow reaches comes last. */
export function inOrder<Node extends { id: string; kind: string }>(
  nodes: Node[],
  flows: { from: string; to: string }[],
): Node[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const next = new Map<string, string[]>();
  const reached = new Set<string>();
  for (const { from, to } of flows) {
    next.set(from, [...(next.get(from) ?? []), to]);
    reached.add(to);
  }
  const order: Node[] = [];
  const seen = new Set<string>();
  const starts = nodes.filter((node) => node.kind === "start" || !reached.has(node.id));
  const waiting = [...starts, ...nodes].map((node) => node.id).reverse();
  while (waiting.length > 0) {
    const id = waiting.pop() ?? "";
    const node = byId.get(id);
    if (!node || seen.has(id)) continue;
    seen.add(id);
    order.push(node);
    waiting.push(...(next.get(id) ?? []).toReversed());
  }
  return order;
}

/** What people call a step: nameless gateways are the drawing's business. */
export const stepsOf = (drawing: Drawing): DrawnNode[] =>
  drawing.order.filter((node) => node.name !== "" || node.kind === "task");

export const nameOf = (drawing: Drawing | undefined, element: string): string =>
  drawing?.nodes.get(element)?.name || element;
