/** The funnel, the forecast, managers, plans and hints. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { ForecastQuestion, FunnelQuestion, ManagersQuestion, PlanInput, Plans } from "./reports-wire";
import type { Body } from "./types";

/** What stood there stays in sight until the new figures have come. */
const kept = { placeholderData: keepPreviousData } as const;

export const funnelQuery = (question: FunnelQuestion) =>
  queryOptions({
    queryKey: keys.funnel(question),
    queryFn: ({ signal }) => api.post("/reports/funnel", question as Body<"FunnelInput">, { signal }),
    ...kept,
  });

export const forecastQuery = (question: ForecastQuestion) =>
  queryOptions({
    queryKey: keys.forecast(question),
    queryFn: ({ signal }) => api.post("/reports/forecast", question as Body<"ForecastInput">, { signal }),
    ...kept,
  });

export const managersQuery = (question: ManagersQuestion) =>
  queryOptions({
    queryKey: keys.managers(question),
    queryFn: ({ signal }) => api.post("/reports/managers", question as Body<"ManagersInput">, { signal }),
    ...kept,
  });

export const hintsQuery = (entity: string) =>
  queryOptions({
    queryKey: keys.hints(entity),
    queryFn: ({ signal }) => api.get("/reports/hints", { query: { entity }, signal }),
  });

export const plansQuery = (of: { period: string; measure?: string }) =>
  queryOptions({
    queryKey: keys.planList(of),
    queryFn: ({ signal }) => api.get("/plans", { query: of, signal }),
    ...kept,
  });

/** All of them or none. */
export async function savePlans(items: PlanInput[]): Promise<Plans> {
  const saved = await api.put("/plans", { items });
  await queryClient.invalidateQueries({ queryKey: keys.plans });
  return saved;
}

/** How likely deals of a stage are won, as an administrator says; null: by the place of the stage. */
export async function setProbabilities(
  items: { stage: string; probability: number | null }[],
): Promise<void> {
  await api.put("/reports/probabilities", { items });
  await queryClient.invalidateQueries({ queryKey: keys.reports });
}
