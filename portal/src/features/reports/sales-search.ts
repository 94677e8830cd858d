/** Funnels, forecasts and managers: their questions, and the addresses of those that are kept. Pure. */
import type { ForecastQuestion, FunnelQuestion, ManagersQuestion, SavedReport } from "@/api/reports-wire";
import type { Entity, Filter } from "@/api/types";
import { joinParts } from "@/engines/filters/model";
import { choiceOf, rangeOf } from "@/engines/reports/period";
import { type FunnelSearch, funnelSearch, type SalesSearch, salesSearch } from "@/state/search";
import { periodIn } from "./search";

type Piped = Pick<Entity, "key" | "pipelines">;

const always = { from: null, to: null, preset: null };

/** The pipeline that is meant unless the address names one. */
export const usualPipeline = ({ pipelines }: Piped) =>
  pipelines.find(({ is_default }) => is_default) ?? pipelines[0];

function pipelineFilter(entity: Piped, search: FunnelSearch): Filter | undefined {
  const pipeline = entity.pipelines.find(({ id }) => id === search.pipeline) ?? usualPipeline(entity);
  const only: Filter[] =
    pipeline && entity.pipelines.length > 1 ? [{ field: "pipeline", op: "eq", value: pipeline.id }] : [];
  return joinParts([...only, ...(search.filter ? [search.filter] : [])]);
}

export function funnelQuestion(entity: Piped, search: FunnelSearch): FunnelQuestion {
  const process = search.over === "process";
  return {
    over: process ? "process" : "stage",
    entity: process ? null : entity.key,
    definition: process ? (search.definition ?? null) : null,
    group_by: [...(search.by ?? []), "step"],
    period: rangeOf(periodIn(search.period, "this_year")) ?? always,
    working_time: true,
    ...(process ? {} : { mode: search.mode ?? "reached", filter: pipelineFilter(entity, search) ?? null }),
  };
}

export const forecastQuestion = (search: SalesSearch): ForecastQuestion => ({
  period: rangeOf(search.period),
  filter: search.filter ?? null,
});

export const managersQuestion = (search: SalesSearch): ManagersQuestion => ({
  period: rangeOf(periodIn(search.period, "this_month")),
  filter: search.filter ?? null,
  department: search.department ?? null,
});

/** The pipeline stands beside the other conditions, at the first place. */
function withoutPipeline(filter: Filter | null | undefined): { pipeline?: unknown; filter?: Filter } {
  if (!filter) return {};
  const [first, ...rest] = "and" in filter ? filter.and : [filter];
  if (!first || !("field" in first) || first.field !== "pipeline" || first.op !== "eq") return { filter };
  return { pipeline: first.value, filter: joinParts(rest) };
}

type Kept = Pick<SavedReport, "id" | "config" | "chart">;

/** The address of a kept funnel, with all that it asks. */
export function funnelAddress({ id, config }: Kept): FunnelSearch {
  const asked = config as Partial<FunnelQuestion>;
  return funnelSearch({
    ...asked,
    ...withoutPipeline(asked.filter as Filter | null | undefined),
    by: asked.group_by?.filter((axis) => axis !== "step"),
    period: choiceOf(asked.period) ?? "all",
    saved: id,
  });
}

/** The address of a kept forecast or of managers; `usual`: what no time means there. */
export function salesAddress({ id, config, chart }: Kept, usual?: "all"): SalesSearch {
  const asked = config as ManagersQuestion;
  return salesSearch({ ...asked, period: choiceOf(asked.period) ?? usual, sort: chart?.sort, saved: id });
}

/** Whether two questions ask the same: what is null is left out, and order of names means nothing. */
export const sameQuestion = (one: unknown, other: unknown): boolean => plain(one) === plain(other);

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, one]) => one !== null && one !== undefined)
            .sort(([left], [right]) => (left < right ? -1 : 1)),
        )
      : part,
  );
}
