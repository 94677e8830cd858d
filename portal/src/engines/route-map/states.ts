/** How each element of a running process stands: done, current, waiting, overdue, in trouble. Pure. */
import type { Incident, Instance, ProcessProblem, Task, Visit } from "@/api/types";

export type ElementState =
  | "current"
  | "overdue"
  | "waiting"
  | "incident"
  | "done"
  | "skipped"
  | "undone"
  | "cancelled"
  | "problem"
  | "warning"
  | "path"
  // Of two drawings that are compared.
  | "added"
  | "removed"
  | "changed"
  | "moved";

export interface ElementSight {
  state: ElementState;
  /** Times it was left. */
  visits: number;
  since?: string;
  due?: string;
  left?: string;
  assignee?: string;
  /** Why: an incident's or a problem's words. */
  message?: string;
  /** Working seconds that it has taken, and that it may take. */
  elapsed?: number;
  limit?: number;
  /** Its place on the path of a dry run, from 1. */
  step?: number;
}

export type Sights = Map<string, ElementSight>;

type Standing = Pick<Instance, "active" | "incidents" | "state">;

/** `tasks`: of this instance, for deadlines and people. */
export function sightsOf(instance: Standing, visited: Visit[], tasks: Task[], now: Date): Sights {
  const sights: Sights = new Map();
  for (const visit of visited) {
    const before = sights.get(visit.element);
    sights.set(visit.element, {
      state: stateOfVisit(visit),
      visits: (before?.visits ?? 0) + 1,
      left: visit.left,
    });
  }
  if (instance.state !== "active") return sights;
  for (const active of instance.active) {
    const before = sights.get(active.element);
    const own = tasks.filter((task) => task.element === active.element && task.state === "open");
    const due = active.due ?? own.map((task) => task.due).find((one) => one) ?? undefined;
    const late = own.some((task) => task.due && new Date(task.due) < now);
    const task = active.kind === "task";
    sights.set(active.element, {
      state: late ? "overdue" : task ? "current" : "waiting",
      visits: before?.visits ?? 0,
      since: active.since,
      due,
      assignee: own.find((one) => one.assignee)?.assignee ?? undefined,
    });
  }
  for (const incident of instance.incidents) {
    const before = sights.get(incident.element);
    sights.set(incident.element, {
      state: "incident",
      visits: before?.visits ?? 0,
      since: incident.since,
      message: incident.message,
    });
  }
  return sights;
}

/** What the server says of working time, by element. */
export type Spent = Record<string, { elapsed?: number; limit?: number }>;

export function withSpent(sights: Sights, spent: Spent | undefined): Sights {
  if (!spent) return sights;
  const all: Sights = new Map();
  for (const [id, sight] of sights) {
    const { elapsed, limit } = spent[id] ?? {};
    all.set(id, { ...sight, elapsed, limit });
  }
  return all;
}

function stateOfVisit(visit: Visit): ElementState {
  if (visit.outcome === "skipped") return "skipped";
  if (visit.undone) return "undone";
  return visit.outcome === "cancelled" ? "cancelled" : "done";
}

/** Problems of a file at their elements; an error covers a warning. */
export function sightsOfProblems(problems: ProcessProblem[]): Sights {
  const sights: Sights = new Map();
  for (const { element, severity, message } of problems) {
    if (!element || (severity === "warning" && sights.get(element)?.state === "problem")) continue;
    sights.set(element, { state: severity === "error" ? "problem" : "warning", visits: 0, message });
  }
  return sights;
}

/** The path of a dry run, and where it would fail. */
export function sightsOfPath(path: string[], problems: { element: string; message: string }[]): Sights {
  const sights: Sights = new Map();
  path.forEach((element, index) => {
    const before = sights.get(element);
    sights.set(element, {
      state: "path",
      visits: (before?.visits ?? 0) + 1,
      step: before?.step ?? index + 1,
    });
  });
  for (const { element, message } of problems) {
    sights.set(element, { state: "problem", visits: 0, message });
  }
  return sights;
}

/** Where it stands, the worst first: incidents, then late, then the rest in their order. */
export function standingOf(
  instance: Pick<Instance, "active" | "incidents">,
): { element: string; name: string; incident?: Incident }[] {
  const incidents = instance.incidents.map((incident) => ({
    element: incident.element,
    name: instance.active.find((one) => one.element === incident.element)?.name ?? incident.element,
    incident,
  }));
  const failed = new Set(instance.incidents.map((incident) => incident.element));
  const rest = instance.active
    .filter((one) => !failed.has(one.element))
    .map(({ element, name }) => ({ element, name: name || element }));
  return [...incidents, ...rest];
}
