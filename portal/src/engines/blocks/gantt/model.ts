/** Bars over time: levels, dependencies, what is critical, where everything stands. Pure. */
import { addDays, daysBetween, firstOf, lastOf } from "@/engines/blocks/days";

export type LinkKind = "FS" | "SS" | "FF" | "SF";

export interface Task {
  id: string;
  label: string;
  /** First and last day, both included; of a summary, those of what is below. */
  start: string;
  end: string;
  parent?: string;
  /** 0 to 1. */
  progress?: number;
  milestone?: boolean;
  baseline?: { start: string; end: string };
}
export interface Link {
  /** Of its record, where it has one. */
  id?: string;
  from: string;
  to: string;
  kind: LinkKind;
  /** Days. */
  lag: number;
}

export interface Line {
  task: Task;
  depth: number;
  /** Has others below. */
  summary: boolean;
}

export const isLinkKind = (value: unknown): value is LinkKind =>
  value === "FS" || value === "SS" || value === "FF" || value === "SF";

/** Lines from top to bottom; what is below a closed one is left out. A circle of parents ends where it closes. */
export function linesOf(tasks: Task[], closed: ReadonlySet<string>): Line[] {
  const known = new Set(tasks.map(({ id }) => id));
  const children = new Map<string, Task[]>();
  for (const task of tasks) {
    const above = task.parent !== undefined && known.has(task.parent) ? task.parent : "";
    children.set(above, [...(children.get(above) ?? []), task]);
  }
  const seen = new Set<string>();
  const visit = (task: Task, depth: number): { lines: Line[]; start: string; end: string } => {
    seen.add(task.id);
    const below = (children.get(task.id) ?? []).filter(({ id }) => !seen.has(id));
    const inner = below.map((child) => visit(child, depth + 1));
    const starts = inner.map(({ start }) => start).filter(Boolean);
    const ends = inner.map(({ end }) => end).filter(Boolean);
    const start = starts.length > 0 ? starts.reduce(firstOf) : task.start;
    const end = ends.length > 0 ? ends.reduce(lastOf) : task.end;
    const line: Line = { task: { ...task, start, end }, depth, summary: inner.length > 0 };
    return { lines: [line, ...(closed.has(task.id) ? [] : inner.flatMap(({ lines }) => lines))], start, end };
  };
  const lines = (children.get("") ?? []).flatMap((task) => visit(task, 0).lines);
  // Only members of a circle are left: they stand at the top rather than nowhere.
  const lost = tasks.filter(({ id }) => !seen.has(id));
  return [...lines, ...lost.flatMap((task) => (seen.has(task.id) ? [] : visit(task, 0).lines))];
}

export const lengthOf = ({ start, end, milestone }: Pick<Task, "start" | "end" | "milestone">): number =>
  milestone ? 0 : daysBetween(start, end) + 1;

/**
 * The tasks that may not slip without moving the end: critical path method with all four kinds of links and their lags.
 * Days off are not counted: over a weekend nothing waits. Empty where links go in a circle.
 */
export function criticalOf(
  tasks: Task[],
  links: Link[],
  isOff: (day: string) => boolean = () => false,
): Set<string> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const real = links.filter(({ from, to }) => byId.has(from) && byId.has(to) && from !== to);
  const order = inOrder([...byId.keys()], real);
  if (!order) return new Set();
  const first = tasks.reduce((least, { start }) => (least && least < start ? least : start), "");
  const early = new Map<string, number>();
  const position = workingDays(first, isOff);
  const origin = position(first);
  const length = (id: string) => {
    const task = byId.get(id) as Task;
    return task.milestone ? 0 : Math.max(1, position(addDays(task.end, 1)) - position(task.start));
  };
  for (const id of order) {
    let start = position((byId.get(id) as Task).start) - origin;
    for (const link of real) {
      if (link.to !== id) continue;
      start = Math.max(start, earliest(link, early.get(link.from) ?? 0, length(link.from), length(id)));
    }
    early.set(id, start);
  }
  const end = Math.max(0, ...order.map((id) => (early.get(id) ?? 0) + length(id)));
  const late = new Map<string, number>();
  for (const id of [...order].reverse()) {
    let start = end - length(id);
    for (const link of real) {
      if (link.from !== id) continue;
      start = Math.min(start, latest(link, late.get(link.to) ?? end, length(id), length(link.to)));
    }
    late.set(id, start);
  }
  return new Set(order.filter((id) => (late.get(id) ?? 0) - (early.get(id) ?? 0) <= 0));
}

/** How many days are worked from the first one to a day; each is looked at once. */
function workingDays(first: string, isOff: (day: string) => boolean): (day: string) => number {
  const counted = [0];
  return (day) => {
    const days = Math.min(Math.max(0, daysBetween(first, day)), 20_000);
    for (let at = counted.length; at <= days; at += 1) {
      counted.push((counted[at - 1] ?? 0) + (isOff(addDays(first, at - 1)) ? 0 : 1));
    }
    return counted[days] ?? 0;
  };
}

/** The earliest beginning of `to`. */
function earliest({ kind, lag }: Link, from: number, fromLength: number, toLength: number): number {
  if (kind === "FS") return from + fromLength + lag;
  if (kind === "SS") return from + lag;
  if (kind === "FF") return from + fromLength + lag - toLength;
  return from + lag - toLength;
}

/** The latest beginning of `from`. */
function latest({ kind, lag }: Link, to: number, fromLength: number, toLength: number): number {
  if (kind === "FS") return to - lag - fromLength;
  if (kind === "SS") return to - lag;
  if (kind === "FF") return to + toLength - lag - fromLength;
  return to + toLength - lag;
}

function inOrder(ids: string[], links: Link[]): string[] | undefined {
  const waits = new Map(ids.map((id) => [id, 0]));
  const after = new Map<string, string[]>();
  for (const { from, to } of links) {
    waits.set(to, (waits.get(to) ?? 0) + 1);
    after.set(from, [...(after.get(from) ?? []), to]);
  }
  const ready = ids.filter((id) => waits.get(id) === 0);
  const order: string[] = [];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    for (const next of after.get(id) ?? []) {
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return order.length === ids.length ? order : undefined;
}

/** Whether one more link would let something wait for itself. */
export function goesRound(links: Link[], { from, to }: Link): boolean {
  const after = new Map<string, string[]>();
  for (const link of links) after.set(link.from, [...(after.get(link.from) ?? []), link.to]);
  const seen = new Set<string>();
  const ahead = [to];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (id === from) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    ahead.push(...(after.get(id) ?? []));
  }
  return false;
}

/** Whether the dates keep what the link demands. */
export function isKept(link: Link, from: Task, to: Task): boolean {
  const at = (task: Task) => daysBetween(from.start, task.start);
  return at(to) >= earliest(link, 0, lengthOf(from), lengthOf(to));
}

export interface Scale {
  from: string;
  days: number;
  /** Pixels of a day. */
  day: number;
}

export type Zoom = "day" | "week" | "month";
export const zooms: Record<Zoom, number> = { day: 32, week: 12, month: 4 };

/** From the earliest to the latest, with some room at both ends. */
export function scaleOf(tasks: Task[], today: string, zoom: Zoom): Scale {
  const days = tasks.flatMap(({ start, end, baseline }) => [
    start,
    end,
    ...(baseline ? [baseline.start, baseline.end] : []),
  ]);
  const known = days.filter(Boolean);
  const least = known.reduce(firstOf, known[0] ?? today);
  const last = known.reduce(lastOf, known[0] ?? today);
  const room = zoom === "day" ? 3 : zoom === "week" ? 7 : 21;
  const from = addDays(least, -room);
  return { from, days: Math.min(daysBetween(from, addDays(last, room)) + 1, 3_700), day: zooms[zoom] };
}

export interface Box {
  x: number;
  width: number;
}

export function boxOf(scale: Scale, start: string, end: string): Box {
  const x = daysBetween(scale.from, start) * scale.day;
  return { x, width: Math.max((daysBetween(start, end) + 1) * scale.day, 3) };
}

/** A link as a path with right angles, from the side of one bar to the side of another. */
export function pathOf(kind: LinkKind, from: Box & { y: number }, to: Box & { y: number }): string {
  const leaves = kind === "FS" || kind === "FF" ? from.x + from.width : from.x;
  const arrives = kind === "FS" || kind === "SS" ? to.x : to.x + to.width;
  const out = kind === "FS" || kind === "FF" ? 8 : -8;
  const into = kind === "FS" || kind === "SS" ? -8 : 8;
  const [x1, x2] = [leaves + out, arrives + into];
  if (out === into) {
    const x = out > 0 ? Math.max(x1, x2) : Math.min(x1, x2);
    return `M${leaves} ${from.y}H${x}V${to.y}H${arrives}`;
  }
  if (out > 0 ? x1 <= x2 : x1 >= x2) return `M${leaves} ${from.y}H${x1}V${to.y}H${arrives}`;
  // Back over the row between them.
  const half = (from.y + to.y) / 2;
  return `M${leaves} ${from.y}H${x1}V${half}H${x2}V${to.y}H${arrives}`;
}

/** Moved by days, or only its end. */
export function moved(task: Pick<Task, "start" | "end">, by: number, what: "both" | "start" | "end") {
  const start = what === "end" ? task.start : addDays(task.start, by);
  const end = what === "start" ? task.end : addDays(task.end, by);
  if (start > end) return what === "start" ? { start: end, end } : { start, end: start };
  return { start, end };
}
