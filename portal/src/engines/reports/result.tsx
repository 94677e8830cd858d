/** What a report answers: a chart or figures with their table, in the reader's rights and language. */
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { answerQuery } from "@/api/reports";
import { useMe } from "@/api/session";
import type { Entity, ReportAnswer } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { BlockSkeleton } from "@/ui/block-frame";
import {
  BigFigure,
  BigFigures,
  ChartBox,
  FigureTable,
  FunnelBar,
  FunnelBars,
  type HeadCell,
  ReportBody,
  ReportFacts,
  sortButtonClass,
} from "@/ui/report";
import { ErrorState } from "@/ui/states";
import { FigureLink, placeOf } from "./figure-link";
import { figureText } from "./figures";
import {
  type Answers,
  type ChartFigures,
  chartOf,
  type Grid,
  gridOf,
  type MeasureHead,
  nothing,
} from "./grid";
import { asked, most, nextSort, type Question } from "./question";
import { useAxes } from "./use-axes";
import { useLast } from "./use-last";

const Chart = lazy(() => import("@/ui/chart"));

/** The answers to a question; with an axis across, also those that its totals are. */
export function useAnswers(question: Question) {
  const crossed = question.column !== undefined;
  const [whole, byRow, byColumn] = useQueries({
    queries: [
      answerQuery(asked(question)),
      answerQuery(asked(question, { column: false }), crossed && question.rows.length > 0),
      answerQuery(asked(question, { rows: false }), crossed),
    ],
  });
  const needed = [
    whole,
    ...(crossed ? [byColumn] : []),
    ...(crossed && question.rows.length > 0 ? [byRow] : []),
  ];
  return {
    answers:
      needed.every(({ data }) => data) && whole.data
        ? {
            whole: whole.data,
            byRow: crossed ? byRow.data : undefined,
            byColumn: crossed ? byColumn.data : undefined,
          }
        : undefined,
    stale: needed.some(({ isPlaceholderData }) => isPlaceholderData),
    error: needed.find(({ isError }) => isError)?.error,
    retry: () => needed.forEach((one) => void one.refetch()),
  };
}

interface ShownProps {
  question: Question;
  entity: Entity;
  title: string;
  /** Absent: the order stays as it is. */
  onSort?(sort: string | undefined): void;
  /** On a dashboard: the chart alone, as high as there is room. */
  height?: number;
}

export function ReportResult(props: ShownProps) {
  const { t } = useTranslation("reports");
  const { answers, stale, error, retry } = useAnswers(props.question);
  const shown = useLast({ props, answers }, answers !== undefined && !stale);
  if (error) return <ErrorState error={error} retry={retry} />;
  if (!shown.answers) return <BlockSkeleton height={props.height ?? 280} label={t("counting")} />;
  // How it is drawn and sorted needs no new answer.
  const { question } = shown.props;
  return (
    <ReportBody stale={stale}>
      <AnswerShown
        {...shown.props}
        question={{ ...question, chart: props.question.chart }}
        onSort={props.onSort}
        answers={shown.answers}
      />
    </ReportBody>
  );
}

/** What has been answered already. */
export function AnswerShown({
  question,
  entity,
  title,
  onSort,
  height,
  answers,
}: ShownProps & { answers: Answers }) {
  const { t } = useTranslation("reports");
  const texts = [...question.rows, ...(question.column ? [question.column] : [])];
  const { whole } = answers;
  const axes = useAxes(entity, texts, whole);
  const column = question.column ? axes.at(-1) : undefined;
  const grid = gridOf(answers, { question, rows: axes.slice(0, question.rows.length), column });
  const drawn = question.chart !== "table" && question.chart !== "number";
  const listed =
    height === undefined ? question.chart !== "number" || grid.rows.length > 1 : question.chart === "table";
  return (
    <>
      <Missing answer={whole} />
      {whole.rows.length === 0 || isEmpty(grid) ? (
        <Notice title={t("nothing_title")}>{t("nothing_text")}</Notice>
      ) : (
        <>
          {question.chart === "number" && <Big grid={grid} answer={whole} entity={entity} />}
          {drawn && <Drawn grid={grid} answer={whole} question={question} title={title} height={height} />}
          {listed && (
            <GridTable
              grid={grid}
              answer={whole}
              question={question}
              entity={entity}
              title={title}
              onSort={onSort}
            />
          )}
          {whole.rows.length >= most.groups && (
            <ReportFacts>{t("first_groups", { count: most.groups })}</ReportFacts>
          )}
        </>
      )}
      {height === undefined && (
        <ReportFacts>
          <span>{t("as_of", { time: formatDateTime(whole.as_of) })}</span>
          {grid.columns.some(({ measure }) => measure.unit === "money") && (
            <span>{t("in_currency", { currency: whole.currency })}</span>
          )}
        </ReportFacts>
      )}
    </>
  );
}

const isEmpty = ({ rows, totals }: Grid) =>
  [...rows.flatMap(({ cells }) => cells), ...(totals ?? [])].every(({ n, before }) => n === 0 && !before);

interface MissingIn {
  missing_rates: string[];
  hidden: string[];
  hidden_labels?: Record<string, string>;
}

/** What could not be counted, and what to do. */
export function Missing({ answer }: { answer: MissingIn }) {
  const { t } = useTranslation("reports");
  const me = useMe();
  return (
    <>
      {answer.missing_rates.length > 0 && (
        <Notice
          tone="warn"
          title={t("no_rate_title", { currencies: answer.missing_rates.join(", ") })}
          action={
            me.admin && (
              <Link to="/settings/$section" params={{ section: "rates" }}>
                {t("no_rate_do")}
              </Link>
            )
          }
        >
          {t(me.admin ? "no_rate_admin" : "no_rate_ask")}
        </Notice>
      )}
      {answer.hidden.length > 0 && (
        <Notice title={t("hidden_title")}>
          {t("hidden_text", {
            measures: answer.hidden.map((key) => answer.hidden_labels?.[key] ?? key).join(", "),
          })}
        </Notice>
      )}
    </>
  );
}

const dateOf = (measure: MeasureHead, entity: Entity, left: string): string | undefined =>
  measure.date === "left_at"
    ? left
    : measure.date && entity.fields.find(({ key }) => key === measure.date)?.label;

function Big({ grid, answer, entity }: { grid: Grid; answer: ReportAnswer; entity: Entity }) {
  const { t } = useTranslation("reports");
  const cells = grid.totals ?? grid.rows[0]?.cells ?? [];
  return (
    <BigFigures>
      {grid.columns.map(({ key, measure, group, total }, at) => {
        const cell = cells[at];
        if (!cell || (total && grid.columns.length > 1 && grid.columns.some((one) => one.group))) return null;
        const label = [group?.labels.join(" · "), measure.label].filter(Boolean).join(": ");
        const date = dateOf(measure, entity, t("left_at"));
        return (
          <BigFigure key={key} label={label} note={date && t("by_date", { date })}>
            <FigureLink cell={cell} unit={measure.unit} currency={answer.currency} label={label} />
          </BigFigure>
        );
      })}
    </BigFigures>
  );
}

interface DrawnProps {
  grid: Grid;
  answer: ReportAnswer;
  question: Question;
  title: string;
  height?: number;
}

function Drawn({ grid, answer, question, title, height }: DrawnProps) {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const { chart } = question;
  const round = chart === "pie" || chart === "funnel";
  const words = { before: t("before"), total: t("total"), rest: t("rest") };
  const figures = chartOf(grid, words, { round, shown: chart === "pie" ? 6 : 40 });
  if (!figures || chart === "table" || chart === "number") return null;
  const notes = [
    ...(figures.left.length > 0
      ? [t("not_drawn", { measures: figures.left.map(({ label }) => label).join(", ") })]
      : []),
    ...(figures.more > 0 ? [t("more_groups", { count: figures.more })] : []),
  ];
  const open = (category: number, series: number) => {
    const drill = figures.cell(category, series)?.drill;
    if (drill) void navigate(placeOf(drill));
  };
  return (
    <ChartBox note={notes.length > 0 && notes.join(" ")}>
      {chart === "funnel" ? (
        <Steps figures={figures} label={t("chart_label", { title })} currency={answer.currency} />
      ) : (
        <Suspense fallback={<BlockSkeleton height={height ?? 320} label={t("counting")} />}>
          <Chart
            kind={chart}
            label={t("chart_label", { title })}
            categories={figures.categories}
            series={figures.series}
            stack={chart === "bar" && question.column !== undefined}
            height={height ?? 320}
            format={(value, short) => figureText(value, figures.unit, answer.currency, short)}
            onPick={open}
          />
        </Suspense>
      )}
    </ChartBox>
  );
}

interface StepsProps {
  figures: ChartFigures;
  label: string;
  currency: string;
}

/** A funnel: each step beside the largest. */
function Steps({ figures, label, currency }: StepsProps) {
  const values = figures.series[0]?.values ?? [];
  const largest = Math.max(1, ...values.map((value) => value ?? 0));
  return (
    <FunnelBars label={label}>
      {figures.categories.map((name, at) => (
        <FunnelBar
          key={`${name} ${at}`}
          name={name}
          share={(values[at] ?? 0) / largest}
          figure={
            <FigureLink
              cell={{ ...(figures.cell(at, 0) ?? nothing), before: undefined }}
              unit={figures.unit}
              currency={currency}
              label={name}
            />
          }
        />
      ))}
    </FunnelBars>
  );
}

interface TableProps extends DrawnProps {
  entity: Entity;
  onSort?(sort: string | undefined): void;
}

function GridTable({ grid, answer, question, entity, title, onSort }: TableProps) {
  const { t } = useTranslation("reports");
  const crossed = grid.columns.some(({ group }) => group);
  const sortable = (key: string, label: string) =>
    onSort ? <SortButton label={label} sort={question.sort} by={key} onSort={onSort} /> : label;
  const sorted = (key: string): HeadCell["sorted"] =>
    question.sort === key ? "ascending" : question.sort === `-${key}` ? "descending" : undefined;
  const heads: HeadCell[] = [
    ...grid.axes.map(({ key, label }) => ({
      key: `axis ${key}`,
      label: sortable(key, label),
      sorted: sorted(key),
    })),
    ...grid.columns.map(({ key, measure, total }): HeadCell => {
      const date = dateOf(measure, entity, t("left_at"));
      return {
        key,
        label: crossed && !total ? measure.label : sortable(measure.key, measure.label),
        note: date && t("by_date", { date }),
        sorted: crossed && !total ? undefined : sorted(measure.key),
        numeric: true,
        total,
      };
    }),
  ];
  const over = crossed ? overOf(grid, t("total")) : undefined;
  const figure = (cell: Grid["rows"][number]["cells"][number], at: number, of: string[]) => {
    const column = grid.columns[at];
    const measure = column?.measure;
    if (!measure) return null;
    const label = [...of, ...(column.group?.labels ?? []), measure.label].join(", ");
    return <FigureLink cell={cell} unit={measure.unit} currency={answer.currency} label={label} />;
  };
  return (
    <FigureTable
      label={title}
      lead={grid.axes.length}
      over={over}
      heads={heads}
      rows={grid.rows.map(({ group, cells }) => ({
        key: group.key,
        labels: group.labels,
        cells: cells.map((cell, at) => figure(cell, at, group.labels)),
      }))}
      totals={
        grid.totals && {
          label: t("total"),
          cells: grid.totals.map((cell, at) => figure(cell, at, [t("total")])),
        }
      }
    />
  );
}

/** Each value across with how many measures stand under it. */
function overOf(grid: Grid, total: string): { key: string; label: string; span: number }[] {
  const over: { key: string; label: string; span: number }[] = [];
  for (const { group } of grid.columns) {
    const key = group?.key ?? "total";
    const last = over.at(-1);
    if (last?.key === key) last.span += 1;
    else over.push({ key, label: group?.labels.join(" · ") ?? total, span: 1 });
  }
  return over;
}

interface SortProps {
  label: string;
  sort?: string;
  by: string;
  onSort(sort: string | undefined): void;
}

function SortButton({ label, sort, by, onSort }: SortProps) {
  return (
    <button type="button" className={sortButtonClass} onClick={() => onSort(nextSort(sort, by))}>
      {label}
      {sort === by && <IconArrowUp size={14} aria-hidden />}
      {sort === `-${by}` && <IconArrowDown size={14} aria-hidden />}
    </button>
  );
}
