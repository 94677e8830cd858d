/** Reports to begin with: each opens in the builder, where it can be changed and kept. */
import type { Measure } from "@/api/types";
import { type ChartKind, isComplete, type Question } from "./question";

export const readyKeys = [
  "sales_by_month",
  "sales_by_person",
  "open_by_stage",
  "leads_by_source",
  "stage_times",
  "tasks_by_person",
  "activities",
  "answers",
] as const;
export type ReadyKey = (typeof readyKeys)[number];

const made = (
  measures: string[],
  rows: string[],
  chart: ChartKind,
  more: Partial<Question> = {},
): Question => ({ measures, rows, chart, ...more });

const all: Record<ReadyKey, Question> = {
  sales_by_month: made(["deal.won_amount", "deal.won", "deal.average"], ["closed_at:month"], "bar", {
    period: "this_year",
  }),
  sales_by_person: made(["deal.won_amount", "deal.won", "deal.win_rate", "deal.cycle"], ["owner"], "bar", {
    period: "this_quarter",
    sort: "-deal.won_amount",
  }),
  open_by_stage: made(["deal.open_amount", "deal.open"], ["stage"], "funnel"),
  leads_by_source: made(["lead.created", "lead.conversion"], ["source"], "pie", {
    period: "this_quarter",
    sort: "-lead.created",
  }),
  stage_times: made(["stage.time", "stage.time.p90"], ["stage"], "bar", { period: "this_quarter" }),
  tasks_by_person: made(["task.done", "task.late_share", "task.lead_time"], ["assignee"], "table", {
    period: "this_month",
    sort: "-task.done",
  }),
  activities: made(["activity.count"], ["owner"], "bar", { column: "kind", period: "this_month" }),
  answers: made(["lead.first_answer", "lead.created"], ["owner"], "bar", { period: "this_month" }),
};

/** Those whose figures somebody may see, without the measures that they may not. */
export function readyReports(measures: Measure[]): { key: ReadyKey; question: Question }[] {
  const known = new Set(measures.map(({ key }) => key));
  return readyKeys
    .map((key) => ({
      key,
      question: { ...all[key], measures: all[key].measures.filter((one) => known.has(one)) },
    }))
    .filter(({ question }) => isComplete(question));
}
