/** Lines of a timeline: files that one person added together are one line, so that calls and notes stay in sight. Pure. */
import type { TimelineItem } from "@/api/types";

export interface Line {
  item: TimelineItem;
  /** The other files that were added with it, newest first. */
  more: TimelineItem[];
}

/** Apart by more than this they were not one act. */
const together = 3_600_000;

export function linesOf(items: TimelineItem[]): Line[] {
  const lines: Line[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last && joins(last, item)) last.more.push(item);
    else lines.push({ item, more: [] });
  }
  return lines;
}

function joins({ item, more }: Line, next: TimelineItem): boolean {
  const before = more.at(-1) ?? item;
  return (
    item.event === "file.added" &&
    next.event === "file.added" &&
    sameActor(item, next) &&
    Math.abs(new Date(before.at).getTime() - new Date(next.at).getTime()) < together
  );
}

const sameActor = (left: TimelineItem, right: TimelineItem): boolean =>
  left.actor?.kind === right.actor?.kind &&
  left.actor?.id === right.actor?.id &&
  left.actor?.on_behalf_of === right.actor?.on_behalf_of;
