/** People beside one another: what each has done and won, and the plan. */
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ManagersAnswer } from "@/api/reports-wire";
import { Notice } from "@/ui/block";
import { FigureNote, FigureTable, type HeadCell, sortButtonClass } from "@/ui/report";
import { FigureLink } from "./figure-link";
import { figureText } from "./figures";
import type { Cell } from "./grid";
import { nextSort } from "./question";
import { Missing } from "./result";

interface Props {
  answer: ManagersAnswer;
  sort?: string;
  /** Absent: the order stays as it is. */
  onSort?(sort: string | undefined): void;
  /** Columns at most, on a card of a dashboard. */
  most?: number;
}

type Figures = ManagersAnswer["totals"];

const cellOf = (figures: Figures, key: string): Cell => {
  const value = figures.values[key];
  return {
    value: typeof value === "number" ? value : null,
    n: figures.n[key] ?? 0,
    drill: figures.drill[key],
  };
};

/** By a column; who has no figure in it comes last. */
export function sortedRows(rows: ManagersAnswer["rows"], sort: string | undefined): ManagersAnswer["rows"] {
  if (!sort) return rows;
  const key = sort.replace(/^-/, "");
  const turn = sort.startsWith("-") ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [left, right] = [cellOf(one, key).value, cellOf(other, key).value];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return (left - right) * turn;
  });
}

/** Where there is little room: what was sold comes before what was done for it. */
const main = ["deal.won", "deal.won_amount", "deal.win_rate"];
const mainFirst = (columns: ManagersAnswer["columns"]) => [
  ...columns.filter(({ key }) => main.includes(key)),
  ...columns.filter(({ key }) => !main.includes(key)),
];

export function ManagersView({ answer, sort, onSort, most }: Props) {
  const { t } = useTranslation("reports");
  const columns = most === undefined ? answer.columns : mainFirst(answer.columns).slice(0, most);
  if (answer.rows.length === 0) return <Notice title={t("nothing_title")}>{t("managers_nothing")}</Notice>;
  const planned = most === undefined && answer.rows.some(({ plan }) => plan);
  const name = (user: string | null | undefined) =>
    user ? (answer.refs[user]?.title ?? t("somebody")) : t("nobody");
  const heads: HeadCell[] = [
    { key: "user", label: t("axis_manager") },
    ...columns.map(
      ({ key, label }): HeadCell => ({
        key,
        numeric: true,
        sorted: sort === key ? "ascending" : sort === `-${key}` ? "descending" : undefined,
        label: onSort ? (
          <button type="button" className={sortButtonClass} onClick={() => onSort(nextSort(sort, key))}>
            {label}
            {sort === key && <IconArrowUp size={14} aria-hidden />}
            {sort === `-${key}` && <IconArrowDown size={14} aria-hidden />}
          </button>
        ) : (
          label
        ),
      }),
    ),
    ...(planned ? [{ key: "plan", label: t("plan"), numeric: true }] : []),
  ];
  const figures = (of: Figures, who: string) =>
    columns.map(({ key, label, unit }) => (
      <FigureLink
        key={key}
        cell={cellOf(of, key)}
        unit={unit ?? "number"}
        currency={answer.currency}
        label={`${who}, ${label}`}
      />
    ));
  return (
    <>
      <Missing answer={answer} />
      <FigureTable
        label={t("managers")}
        lead={1}
        heads={heads}
        rows={sortedRows(answer.rows, sort).map((row) => ({
          key: row.user ?? "nobody",
          labels: [name(row.user)],
          cells: [
            ...figures(row, name(row.user)),
            ...(planned
              ? [
                  row.plan ? (
                    <span key="plan">
                      {figureText(row.plan.value, row.plan.unit, row.plan.currency)}
                      {typeof row.plan.percent === "number" && (
                        <FigureNote>{figureText(row.plan.percent, "percent", "")}</FigureNote>
                      )}
                    </span>
                  ) : (
                    "—"
                  ),
                ]
              : []),
          ],
        }))}
        totals={{
          label: t("total"),
          cells: [...figures(answer.totals, t("total")), ...(planned ? [""] : [])],
        }}
      />
    </>
  );
}
