/** Figures by measure, and the rates that amounts of other currencies are counted by. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Rate, ReportAnswer, ReportQuestion } from "./types";

export const measuresQuery = queryOptions({
  queryKey: keys.measures,
  queryFn: ({ signal }) => api.get("/reports/measures", { signal }),
  staleTime: 5 * 60_000,
});

/** The figures of another question stay in sight until the new ones are there. */
export function answerQuery(question: ReportQuestion, enabled = true) {
  return queryOptions({
    queryKey: keys.report(question),
    queryFn: ({ signal }): Promise<ReportAnswer> => api.post("/reports/query", question, { signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export const ratesQuery = queryOptions({
  queryKey: keys.rates,
  queryFn: ({ signal }) => api.get("/currency-rates", { signal }).then((page) => page.items),
});

/** Sets rates; one without a value is taken away. Every sum in another currency may be another one then. */
export async function setRates(rates: Rate[]): Promise<void> {
  const { items } = await api.put("/currency-rates", { rates });
  queryClient.setQueryData(keys.rates, items);
  await queryClient.invalidateQueries({ queryKey: keys.reports });
}
