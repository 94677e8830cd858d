/** What a dashboard's cards are narrowed by together: one time, and conditions on the records they count. Pure. */
import type { CardContent, Dashboard, SavedReport } from "@/api/reports-wire";
import type { Filter, Measure } from "@/api/types";
import type { PeriodChoice } from "./period";
import { entityOf, questionOf } from "./question";

/** Conditions by entity. */
export type Filters = Record<string, Filter>;

export interface Bar {
  /** Absent: each card its own time; `all` in an address says so over what is kept. */
  period?: PeriodChoice;
  filter?: Filters;
}

const given = (filters: Filters | undefined): Filters | undefined =>
  filters && Object.keys(filters).length > 0 ? filters : undefined;

/** What the dashboard begins with. */
export function keptBar({ filter_bar }: Pick<Dashboard, "filter_bar">): Bar {
  const { period, filter } = (filter_bar ?? {}) as Bar;
  return { period, filter: given(filter) };
}

/** As its address says, which goes over what is kept. */
export function barIn(search: Bar, kept: Bar): Bar {
  const period = search.period ?? kept.period;
  return { period: period === "all" ? undefined : period, filter: given(search.filter ?? kept.filter) };
}

export function withFilter(
  filters: Filters | undefined,
  entity: string,
  filter: Filter | undefined,
): Filters {
  const { [entity]: _, ...rest } = filters ?? {};
  return filter ? { ...rest, [entity]: filter } : rest;
}

/** Entities whose records the cards count, in the order of the cards. */
export function entitiesOf(
  cards: Pick<Dashboard["cards"][number], "card">[],
  measures: Measure[],
  saved: Pick<SavedReport, "id" | "kind" | "config">[],
): string[] {
  const asked = (kind: string, config: Record<string, unknown>): string | undefined => {
    if (kind === "funnel") return typeof config.entity === "string" ? config.entity : undefined;
    if (kind === "forecast" || kind === "managers") return "deal";
    return entityOf(questionOf(config, undefined), measures);
  };
  const of = (card: CardContent): string | undefined => {
    if (card.kind === "report") {
      const report = saved.find(({ id }) => id === card.saved);
      return report && asked(report.kind, report.config);
    }
    return "question" in card ? asked(card.kind, card.question as Record<string, unknown>) : undefined;
  };
  return [...new Set(cards.flatMap(({ card }) => of(card) ?? []))];
}
