/** The sales funnel: how many reach each step, how many go on, where they stand and wait. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { FunnelAnswer, FunnelQuestion, FunnelRow } from "@/api/reports-wire";
import { useEntities, useMe } from "@/api/session";
import type { Drill, Entity, Value } from "@/api/types";
import { stageOf } from "@/engines/fields/text";
import { formatMoney, formatNumber } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { FigureTable, FunnelBar, FunnelBars, figureLinkClass, type HeadCell } from "@/ui/report";
import { placeOf } from "./figure-link";
import { figureText, spanText } from "./figures";
import { stepName } from "./step-name";
import { useKnownAxes } from "./use-axes";

interface Props {
  answer: FunnelAnswer;
  question: FunnelQuestion;
  /** On a card of a dashboard: the bars alone. */
  short?: boolean;
}

const isStep = (axis: string) => axis === "step" || axis === "stage";

/** What the values of the funnel's axes are called. */
function useGroupWords(answer: FunnelAnswer, entity: Entity | undefined) {
  const { t } = useTranslation("reports");
  return (axis: string, value: Value, group: Record<string, Value> = {}): string => {
    if (value === null || value === undefined || value === "") return t("empty_group");
    if (isStep(axis) && entity) {
      const stage = stageOf(entity, value);
      if (stage) return stage.name;
    }
    const step = axis === "step" && stepName(answer.steps, value, group.template);
    if (step) return step;
    if (axis.startsWith("field:")) {
      const field = entity?.fields.find(({ key }) => `field:${key}` === axis);
      const choice = field?.choices?.find((one) => one.value === value);
      if (choice) return choice.label;
    }
    return answer.refs?.[String(value)]?.title ?? String(value);
  };
}

export function FunnelView({ answer, question, short }: Props) {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const entity = entities.find(({ key }) => key === question.entity);
  const words = useGroupWords(answer, entity);
  const axes = question.group_by?.length ? question.group_by : ["step"];
  const nameOf = (row: FunnelRow) => axes.map((axis) => words(axis, row.group[axis], row.group)).join(" · ");
  if (answer.items.length === 0) return <Notice title={t("nothing_title")}>{t("funnel_nothing")}</Notice>;
  const largest = Math.max(1, ...answer.items.map((row) => row.count ?? row.entered));
  const single = axes.length === 1 && isStep(axes[0] ?? "");
  return (
    <>
      {!short && <Sums answer={answer} />}
      {!short && answer.pile_up && answer.pile_up.standing > 0 && (
        <PileUp
          answer={answer}
          name={axes
            .map((axis) => words(axis, answer.pile_up?.group[axis], answer.pile_up?.group))
            .join(" · ")}
        />
      )}
      {(single || short) && (
        <FunnelBars label={t("funnel")}>
          {answer.items.map((row) => (
            <FunnelBar
              key={JSON.stringify(row.group)}
              name={nameOf(row)}
              share={(row.count ?? row.entered) / largest}
              tone={row.semantic === "won" ? "won" : row.semantic === "lost" ? "lost" : "plain"}
              figure={
                <Opens drill={row.drill} count={row.count ?? row.entered} label={nameOf(row)}>
                  {formatNumber(row.count ?? row.entered, 0)}
                </Opens>
              }
              note={typeof row.conversion === "number" && t("goes_on", { share: percent(row.conversion) })}
            />
          ))}
        </FunnelBars>
      )}
      {!short && <Table answer={answer} axes={axes} words={words} entity={entity} />}
    </>
  );
}

const percent = (value: number | null | undefined) =>
  typeof value === "number" ? figureText(value, "percent", "") : "—";

interface OpensProps {
  drill?: Drill | null;
  /** How many it opens, where that is known. */
  count?: number;
  label: string;
  children: string;
}

/** A figure of the funnel that opens its records. */
export function Opens({ drill, count, label, children }: OpensProps) {
  const { t } = useTranslation("reports");
  if (!drill || count === 0) return children;
  const opens = count === undefined ? t("show_them") : t("opens", { count });
  return (
    <Link
      {...placeOf(drill)}
      className={figureLinkClass}
      title={opens}
      aria-label={`${children}, ${label}. ${opens}`}
    >
      {children}
    </Link>
  );
}

function Sums({ answer }: { answer: FunnelAnswer }) {
  const { t } = useTranslation("reports");
  if (!answer.closed) return null;
  const { won, lost, win_rate } = answer.closed;
  return (
    <p>
      {t("funnel_closed", { won: formatNumber(won, 0), lost: formatNumber(lost, 0) })}
      {typeof win_rate === "number" && ` ${t("funnel_win_rate", { share: percent(win_rate) })}`}
    </p>
  );
}

function PileUp({ answer, name }: { answer: FunnelAnswer; name: string }) {
  const { t } = useTranslation("reports");
  const { pile_up } = answer;
  if (!pile_up) return null;
  const row = answer.items.find(({ group }) => JSON.stringify(group) === JSON.stringify(pile_up.group));
  return (
    <Notice
      tone="warn"
      title={t("pile_up", { name })}
      action={row?.standing_drill && <Link {...placeOf(row.standing_drill)}>{t("show_them")}</Link>}
    >
      {t("pile_up_text", { count: pile_up.standing, span: spanText(pile_up.seconds) })}
    </Notice>
  );
}

interface TableProps {
  answer: FunnelAnswer;
  axes: string[];
  words(axis: string, value: Value, group: Record<string, Value>): string;
  entity: Entity | undefined;
}

function Table({ answer, axes, words, entity }: TableProps) {
  const { t } = useTranslation("reports");
  const { currency } = useMe().tenant;
  const labels = useAxisLabels(axes, entity);
  const money = answer.items.some(({ amounts }) => Object.keys(amounts).length > 0);
  const counted = answer.items.some(({ count }) => count !== undefined);
  const amount = ({ amounts }: FunnelRow) =>
    Object.entries(amounts)
      .map(([code, sum]) => formatMoney(sum, code || currency))
      .join(" + ") || "—";
  const heads: HeadCell[] = [
    ...axes.map((axis, at) => ({ key: axis, label: labels[at] ?? axis })),
    {
      key: "count",
      label: t(answer.mode === "visited" ? "visited_count" : counted ? "reached_count" : "entered_count"),
      numeric: true,
    },
    { key: "share", label: t("share_of_first"), numeric: true },
    ...(counted
      ? [
          { key: "conversion", label: t("conversion"), note: t("conversion_note"), numeric: true },
          { key: "decided", label: t("decided"), note: t("decided_note"), numeric: true },
        ]
      : []),
    { key: "standing", label: t("standing"), numeric: true },
    ...(money ? [{ key: "amount", label: t("amount"), numeric: true }] : []),
    { key: "time", label: t(counted ? "median_time" : "mean_time"), numeric: true },
  ];
  return (
    <FigureTable
      label={t("funnel")}
      lead={axes.length}
      heads={heads}
      rows={answer.items.map((row) => {
        const names = axes.map((axis) => words(axis, row.group[axis], row.group));
        const count = row.count ?? row.entered;
        const label = names.join(", ");
        const time = row.median_working_seconds ?? row.median_seconds ?? row.working_seconds ?? row.seconds;
        return {
          key: JSON.stringify(row.group),
          labels: names,
          cells: [
            <Opens key="count" drill={row.drill} count={count} label={label}>
              {formatNumber(count, 0)}
            </Opens>,
            percent(row.share_percent ?? row.conversion_percent),
            ...(counted ? [percent(row.conversion), percent(row.decided)] : []),
            <Opens
              key="standing"
              drill={row.standing_drill}
              count={row.standing}
              label={`${label}, ${t("standing")}`}
            >
              {formatNumber(row.standing, 0)}
            </Opens>,
            ...(money ? [amount(row)] : []),
            typeof time === "number" ? spanText(time) : "—",
          ],
        };
      })}
    />
  );
}

/** Axes by which a funnel is told apart beside its steps. */
export const funnelAxes = [
  "template",
  "manager",
  "department",
  "organization",
  "client",
  "source",
  "event",
  "process",
] as const;
export type FunnelAxis = (typeof funnelAxes)[number];

function useAxisLabels(axes: string[], entity: Entity | undefined): string[] {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const some = entity ?? entities[0];
  const fields = axes.map((axis) => axis.replace(/^field:/, ""));
  const known = useKnownAxes(some as Entity, fields);
  return axes.map((axis, at) => {
    const named = funnelAxes.find((one) => one === axis);
    if (named) return t(`funnel_axis_${named}`);
    return isStep(axis) ? t("funnel_step") : (known[at]?.label ?? axis);
  });
}
