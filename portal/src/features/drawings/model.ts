/** What problems say and where they lead; the order of steps; lines of the wizard. Pure. */
import type { DrawingProblem } from "@/api/drawings";
import type { Trouble } from "@/engines/designer/marks";

/** A name in a list: one line, and not the 100 KB somebody put there. */
export function shortName(name: string): string {
  const line = name.slice(0, 1_000).replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

/** Codes of the server's problems (`core/process/i18n`) and the part of the panel where the thing is set. */
const parts: [RegExp, string][] = [
  [/^(assignment|completed_by|executor|foreign_assignment|role)_?/, "who"],
  [/^(duration|working|no_time|reminder)/, "time"],
  [/^(action|required_without|parameter)/, "action"],
  [/^field_/, "form"],
  [/^escalation_with/, "late"],
  [/^probability/, "funnel"],
  [/^(service|script|rule|value_unused|called|binding|retries|send_nothing)/, "service"],
  [/^(timer|date)/, "timer"],
  [/^(condition|always_true|default|no_default)/, "condition"],
  [/^(message|signal|error|escalation)_/, "event"],
  [/executable|process_not_run/, "process"],
];

/** The part of the panel that a problem is about; empty for the element's name and place. */
export const partOf = ({ code }: Pick<DrawingProblem, "code">): string =>
  parts.find(([pattern]) => pattern.test(code))?.[1] ?? "";

/** Errors first, in the order they were found. */
export const worstFirst = (problems: DrawingProblem[]): DrawingProblem[] =>
  [...problems].sort((left, right) => Number(right.severity === "error") - Number(left.severity === "error"));

/** Amber until somebody tried to publish; then what kept it back is red. */
export const troubleOf = ({ severity }: DrawingProblem, tried: boolean): Trouble =>
  tried && severity === "error" ? "problem" : "warning";

export function troublesOf(problems: DrawingProblem[], tried: boolean): Map<string, Trouble> {
  const troubles = new Map<string, Trouble>();
  for (const problem of problems) {
    if (!problem.element || troubles.get(problem.element) === "problem") continue;
    troubles.set(problem.element, troubleOf(problem, tried));
  }
  return troubles;
}

const keyOf = ({ element, code, message }: DrawingProblem) => `${element} ${code} ${message}`;

/**
 * Nothing is said of an element while somebody is still at it: new problems there wait until it is left. Those that stood
 * before it was chosen stay.
 */
export function shownProblems(
  problems: DrawingProblem[],
  before: DrawingProblem[],
  selected: string | undefined,
): DrawingProblem[] {
  if (!selected) return problems;
  const known = new Set(before.map(keyOf));
  return problems.filter((problem) => problem.element !== selected || known.has(keyOf(problem)));
}

/** A refusal's `fields` are problems by element; `xml` is the file. */
export const problemsOfFields = (
  fields: Record<string, { code: string; message: string }> | undefined,
): DrawingProblem[] =>
  Object.entries(fields ?? {}).map(([element, { code, message }]) => ({
    element: element === "xml" ? null : element,
    severity: "error",
    code,
    message,
  }));

/**
 * What is wrong after a refusal to publish: all that it names. Where the save had said the same in more words, those stay;
 * errors that it does not name no longer are.
 */
export function afterRefusal(
  before: DrawingProblem[],
  fields: Record<string, { code: string; message: string }>,
): DrawingProblem[] {
  const named = problemsOfFields(fields);
  const at = ({ element }: DrawingProblem) => element ?? "";
  const elements = new Set(named.map(at));
  const said = new Set(before.filter(({ severity }) => severity === "error").map(at));
  return [
    ...named.filter((one) => !said.has(at(one))),
    ...before.filter((one) => one.severity === "warning" || elements.has(at(one))),
  ];
}

export interface LineShown {
  /** From 1, as the server counts. */
  number: number;
  text: string;
  name: string;
  facts: string;
}

/** How a line will be taken, before the server says so: only for the eye. Empty ones are none, but are counted. */
export function readLines(text: string): LineShown[] {
  return text.split("\n").flatMap((line, index) => {
    if (!line.trim()) return [];
    const cells = line.split(line.includes("\t") ? "\t" : "|").map((cell) => cell.trim());
    const [name = "", ...rest] = cells;
    return [{ number: index + 1, text: line, name, facts: rest.filter(Boolean).join(" · ") }];
  });
}

/** Cells of a table as lines: what spreadsheets put into the clipboard. */
export const fromCells = (pasted: string): string =>
  pasted
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) =>
      line.includes("\t")
        ? line
            .split("\t")
            .map((cell) => cell.trim())
            .join(" | ")
            .replace(/(\s*\|\s*)+$/, "")
        : line,
    )
    .join("\n");

/** A file with a start, a step and an end, named: something to draw on. */
export function emptyDrawing(
  title: string,
  words: { start: string; step: string; end: string },
  id: string,
): string {
  const said = (text: string) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll('"', "&quot;")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them
      .replace(/[\u0000-\u001f]/g, " ");
  const shape = (element: string, x: number, y: number, width: number, height: number) =>
    `<bpmndi:BPMNShape id="${element}_di" bpmnElement="${element}"><dc:Bounds x="${x}" y="${y}" width="${width}" height="${height}"/></bpmndi:BPMNShape>`;
  const edge = (flow: string, from: number, to: number) =>
    `<bpmndi:BPMNEdge id="${flow}_di" bpmnElement="${flow}"><di:waypoint x="${from}" y="158"/><di:waypoint x="${to}" y="158"/></bpmndi:BPMNEdge>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:v="urn:verstak:bpmn:1" id="definitions" targetNamespace="urn:verstak:drawings" exporter="Verstak">
  <bpmn:process id="${id}" name="${said(title)}" isExecutable="true">
    <bpmn:startEvent id="start" name="${said(words.start)}"><bpmn:outgoing>to_step</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="step_1" name="${said(words.step)}"><bpmn:incoming>to_step</bpmn:incoming><bpmn:outgoing>to_end</bpmn:outgoing></bpmn:userTask>
    <bpmn:endEvent id="end" name="${said(words.end)}"><bpmn:incoming>to_end</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="to_step" sourceRef="start" targetRef="step_1"/>
    <bpmn:sequenceFlow id="to_end" sourceRef="step_1" targetRef="end"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="${id}">
    ${shape("start", 200, 140, 36, 36)}
    ${shape("step_1", 300, 118, 120, 80)}
    ${shape("end", 484, 140, 36, 36)}
    ${edge("to_step", 236, 300)}
    ${edge("to_end", 420, 484)}
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
}
