/** A plan as the lines of a table: what stands in the way first, then what changes, then what is the same. */
import type { ConfigurationArea, ConfigurationPlan } from "./configuration-api";

export const areas = [
  "directories",
  "entities",
  "fields",
  "roles",
  "calendars",
  "gateways",
  "processes",
  "pipelines",
  "conditions",
  "rules",
  "duplicates",
  "layouts",
  "views",
  "templates",
  "own_templates",
  "automations",
  "reports",
  "dashboards",
] as const satisfies readonly ConfigurationArea[];

export type LineKind = "missing" | "conflict" | "create" | "change" | "remove" | "same";

export interface PlanLine {
  id: string;
  kind: LineKind;
  area: ConfigurationArea;
  key: string;
  /** What stands in the way, in words. */
  message?: string;
  /** A part that is left out, while the rest is taken in. */
  passes?: boolean;
  before?: unknown;
  after?: unknown;
}

export function linesOf(plan: ConfigurationPlan, withSame: boolean): PlanLine[] {
  const lines: Omit<PlanLine, "id">[] = [];
  for (const [kind, troubles] of [
    ["missing", plan.missing],
    ["conflict", plan.conflicts],
  ] as const) {
    for (const { area, key, part, message, blocks } of troubles) {
      lines.push({ kind, area, key, message: part ? `${part}: ${message}` : message, passes: !blocks });
    }
  }
  for (const entry of plan.create) lines.push({ kind: "create", ...entry });
  for (const entry of plan.change) {
    lines.push({ kind: entry.after === undefined ? "remove" : "change", ...entry });
  }
  if (withSame) for (const { area, key } of plan.same) lines.push({ kind: "same", area, key });
  return lines.map((line, index) => ({ id: `${index}`, ...line }));
}

/** Whether nothing is taken in as it stands. */
export const isBlocked = (plan: ConfigurationPlan): boolean =>
  [...plan.missing, ...plan.conflicts].some(({ blocks }) => blocks);

/** Whether there is something to do. */
export const isIdle = (plan: ConfigurationPlan): boolean =>
  plan.create.length === 0 && plan.change.length === 0;

/** What an object says, for those who look closely. */
export const spelled = (spec: unknown): string => (spec === undefined ? "" : JSON.stringify(spec, null, 1));
