/** What the bars and the list of a gantt both need. */
import { toneOf, useOfRow, usePage } from "@/engines/blocks/context";
import { daysBetween } from "@/engines/blocks/days";
import type { GanttBlock, Tone } from "@/engines/blocks/tree";
import { formatDate } from "@/i18n/format";
import type { Line, Link, Task } from "./model";

export interface Shared {
  block: GanttBlock;
  lines: Line[];
  links: Link[];
  critical: ReadonlySet<string>;
  closed: ReadonlySet<string>;
  onToggle(id: string): void;
  onMove(id: string, to: { start: string; end: string }): void;
  onAsk(task: Task): void;
  /** Left out where links are not made by hand. */
  onLinks?: (task: Task) => void;
  onLink(from: string, to: string): void;
  isOff(day: string): boolean;
}

export const daysText = (start: string, end: string) =>
  start === end ? formatDate(start) : `${formatDate(start)} – ${formatDate(end)}`;

export function useTone(block: GanttBlock) {
  const page = usePage();
  const ofRow = useOfRow(block.source);
  const rows = page.source(block.source).rows ?? [];
  return (id: string): Tone => {
    const row = block.tone && rows.find((one) => one.id === id);
    return row ? toneOf(ofRow(block.tone, row)) : "plain";
  };
}

export const spanOf = (tasks: Task[]) => {
  const starts = tasks.map(({ start }) => start).sort();
  const ends = tasks.map(({ end }) => end).sort();
  return starts[0] ? daysBetween(starts[0], ends[ends.length - 1] ?? starts[0]) : 0;
};
