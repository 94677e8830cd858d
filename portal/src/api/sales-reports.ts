/** The funnel, the forecast, managers, plans and hints. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type {
  ForecastAnswer,
  ForecastQuestion,
  FunnelAnswer,
  FunnelQuestion,
  Hint,
  ManagersAnswer,
  ManagersQuestion,
  PlanInput,
  Plans,
} from "./reports-wire";
import type { Refs } from "./types";

/** What stood there stays in sight until the new figures have come. */
const kept = { placeholderData: keepPreviousData } as const;

export const funnelQuery = (question: FunnelQuestion) =>
  queryOptions({
    queryKey: keys.funnel(question),
    queryFn: ({ signal }) => request<FunnelAnswer>("POST", "/reports/funnel", question, { signal }),
    ...kept,
  });

export const forecastQuery = (question: ForecastQuestion) =>
  queryOptions({
    queryKey: keys.forecast(question),
    queryFn: ({ signal }) => request<ForecastAnswer>("POST", "/reports/forecast", question, { signal }),
    ...kept,
  });

export const managersQuery = (question: ManagersQuestion) =>
  queryOptions({
    queryKey: keys.managers(question),
    queryFn: ({ signal }) => request<ManagersAnswer>("POST", "/reports/managers", question, { signal }),
    ...kept,
  });

export const hintsQuery = (entity: string) =>
  queryOptions({
    queryKey: keys.hints(entity),
    queryFn: ({ signal }) =>
      request<{ items: Hint[]; as_of: string; refs?: Refs }>("GET", "/reports/hints", undefined, {
        query: { entity },
        signal,
      }),
  });

export const plansQuery = (of: { period: string; measure?: string }) =>
  queryOptions({
    queryKey: keys.planList(of),
    queryFn: ({ signal }) => request<Plans>("GET", "/plans", undefined, { query: { ...of }, signal }),
    ...kept,
  });

/** All of them or none. */
export async function savePlans(items: PlanInput[]): Promise<Plans> {
  const saved = await request<Plans>("PUT", "/plans", { items });
  await queryClient.invalidateQueries({ queryKey: keys.plans });
  return saved;
}

/** How likely deals of a stage are won, as an administrator says; null: by the place of the stage. */
export async function setProbabilities(
  items: { stage: string; probability: number | null }[],
): Promise<void> {
  await request("PUT", "/reports/probabilities", { items });
  await queryClient.invalidateQueries({ queryKey: keys.reports });
}
