/** Plans and how they stand: the fact, the part of the plan, where it will end at this pace. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Plan, Plans } from "@/api/reports-wire";
import { useMe } from "@/api/session";
import { FigureTable, figureLinkClass, ShareCell } from "@/ui/report";
import { CellBar } from "@/ui/tiles";
import { placeOf } from "./figure-link";
import { figureOrDash, figureText } from "./figures";

/** Whose plan it is. */
export function useWhose(refs: Plans["refs"]): (who: Plan["who"]) => string {
  const { t } = useTranslation("reports");
  const { name } = useMe().tenant;
  return ({ kind, id }) => (kind === "company" ? name : (refs[id ?? ""]?.title ?? t("somebody")));
}

/** The fact opens what it is made of. */
export function PlanFact({ plan }: { plan: Plan }) {
  const { t } = useTranslation("reports");
  const text = figureOrDash(plan.fact, plan.unit, plan.currency);
  return plan.drill && typeof plan.fact === "number" ? (
    <Link {...placeOf(plan.drill)} className={figureLinkClass} title={t("show_them")}>
      {text}
    </Link>
  ) : (
    text
  );
}

export const planPercent = ({ percent }: Plan) =>
  typeof percent === "number" ? (
    <ShareCell key="percent">
      <CellBar share={Math.min(1, Math.max(0, percent / 100))} text={figureText(percent, "percent", "")} />
    </ShareCell>
  ) : (
    "—"
  );

export function PlansView({ plans }: { plans: Plans }) {
  const { t } = useTranslation("reports");
  const whose = useWhose(plans.refs);
  return (
    <FigureTable
      label={t("plans")}
      lead={2}
      heads={[
        { key: "who", label: t("whose") },
        { key: "measure", label: t("measure") },
        { key: "fact", label: t("fact"), numeric: true },
        { key: "value", label: t("plan"), numeric: true },
        { key: "percent", label: t("done_share"), numeric: true },
        { key: "rate", label: t("run_rate"), numeric: true },
      ]}
      rows={plans.items.map((plan) => ({
        key: plan.id,
        labels: [whose(plan.who), plan.label],
        cells: [
          <PlanFact key="fact" plan={plan} />,
          figureText(plan.value, plan.unit, plan.currency),
          planPercent(plan),
          figureOrDash(plan.run_rate, plan.unit, plan.currency),
        ],
      }))}
    />
  );
}
