/** A report's address and its question. Pure. */
import type { SavedReport } from "@/api/reports-wire";
import type { ReportQuestion } from "@/api/types";
import type { PeriodChoice } from "@/engines/reports/period";
import { asked, type Question, questionOf } from "@/engines/reports/question";
import type { ReportSearch } from "@/state/search";

export const ofSearch = (search: ReportSearch): Question => ({
  ...search,
  measures: search.measures ?? [],
  rows: search.rows ?? [],
  chart: search.chart ?? "table",
});

/** A page that is of some time unless its address says otherwise; `all` says all of it. */
export const periodIn = (given: ReportSearch["period"], usual: string): PeriodChoice | undefined =>
  given === "all" ? undefined : (given ?? usual);

/** What is kept of a question. */
export const contentOf = (question: Question) => ({
  kind: "query" as const,
  config: asked(question),
  chart: { kind: question.chart },
});

/** As it was kept. */
export const ofSaved = ({ config, chart }: SavedReport): Question =>
  questionOf(config as Partial<ReportQuestion>, chart?.kind);

/** What is asked of a kept report: as its address says, which carries the whole question once it differs. */
export function ofBoth(report: SavedReport, search: ReportSearch): { question: Question; changed: boolean } {
  const kept = ofSaved(report);
  if (!search.measures) return { question: kept, changed: false };
  const question = ofSearch(search);
  return { question, changed: !same(question, kept) };
}

function same(one: Question, other: Question): boolean {
  const plain = ({ entity: _, ...question }: Question) =>
    JSON.stringify(
      Object.entries(question)
        .filter(([, value]) => value !== undefined)
        .sort(),
    );
  return plain(one) === plain(other);
}
