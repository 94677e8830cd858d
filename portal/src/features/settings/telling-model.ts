/** Kinds of notification and the ways they go. Pure. */
import type { Body } from "@/api/types";

export const channels = ["portal", "mail", "digest"] as const;
export type Channel = (typeof channels)[number];

/** In the order of a task's life; what the server has and this list lacks is not offered. */
const order = [
  "task.new",
  "task.offered",
  "task.delegated",
  "task.reminder",
  "task.overdue",
  "task.escalation",
  "task.review",
  "task.returned",
  "task.letter",
  "document.letter",
  "stage.reminder",
  "stage.overdue",
  "automation.notice",
  "report.failed",
  "task.unassigned",
  "process.given_up",
  "plugin.stopped",
  "webhook.stopped",
] as const;

export type Kind = (typeof order)[number];
type Worded<K> = K extends `${infer Of}.${infer What}` ? `${Of}_${What}` : never;
/** Its part of the texts' keys. */
export const wordOf = (kind: Kind) => kind.replace(".", "_") as Worded<Kind>;

type Kinds = NonNullable<Body<"NotificationSettings">["kinds"]>;

export const kindsOf = (kinds: Kinds): Kind[] => order.filter((kind) => kind in kinds);

export const withChannel = (kinds: Kinds, kind: Kind, channel: Channel, on: boolean): Kinds => ({
  ...kinds,
  [kind]: { ...kinds[kind], [channel]: on },
});
