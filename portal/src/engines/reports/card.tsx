/** What stands on a card of a dashboard: its figures, or what will stand there and how to fill it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import type { CardAnswer, CardContent, DashboardCard, SavedReport } from "@/api/reports-wire";
import { savedReportsQuery } from "@/api/saved-reports";
import type { ReportQuestion } from "@/api/types";
import { BlockSkeleton } from "@/ui/block-frame";
import { CardNote, cardRow } from "@/ui/report-cards";
import type { Act } from "./acts";
import { ForecastView } from "./forecast-view";
import { FunnelView } from "./funnel-view";
import { HintsView } from "./hints-view";
import { ManagersView } from "./managers-view";
import { PlansView } from "./plans-view";
import { useCounted } from "./process-entity";
import { entityOf, type Question, questionOf } from "./question";
import { AnswerShown } from "./result";

interface Props {
  card: DashboardCard;
  title: string;
  /** Absent while it is being counted. */
  answer?: CardAnswer;
  /** What stands on a card of tasks; it belongs to the page. */
  tasks?: ReactNode;
  onAct(act: Act): void;
}

export function CardBody({ card, title, answer, tasks, onAct }: Props) {
  const { t } = useTranslation("reports");
  const { card: content, w, h } = card;
  if (content.kind === "text") return <CardNote>{content.text}</CardNote>;
  if (content.kind === "tasks" && tasks) return tasks;
  const height = h * (cardRow + 12) - 72;
  if (!answer) return <BlockSkeleton height={Math.max(60, height)} label={t("counting")} />;
  if (answer.status === "problem") return <CardNote>{answer.problem?.detail ?? t("card_problem")}</CardNote>;
  if (answer.status === "empty") return <Empty answer={answer} onAct={onAct} />;
  return (
    <Figures
      content={content}
      title={title}
      answer={answer}
      height={Math.max(120, height)}
      columns={Math.max(2, Math.floor(w / 2))}
    />
  );
}

/** Never an empty card: it says what will stand there, and offers the act that fills it. */
function Empty({ answer, onAct }: { answer: CardAnswer; onAct(act: Act): void }) {
  const { t } = useTranslation("reports");
  const act = answer.empty?.act;
  return (
    <CardNote
      action={
        act && (
          <Button size="compact-sm" variant="default" onClick={() => onAct(act)}>
            {act.label}
          </Button>
        )
      }
    >
      {answer.empty?.text ?? t("nothing_text")}
    </CardNote>
  );
}

interface FiguresProps {
  content: CardContent;
  title: string;
  answer: CardAnswer;
  height: number;
  /** Columns of figures that there is room for. */
  columns: number;
}

function Figures({ content, title, answer, height, columns }: FiguresProps) {
  const { t } = useTranslation("reports");
  const saved = useQuery(savedReportsQuery);
  const report = content.kind === "report" ? saved.data?.find(({ id }) => id === content.saved) : undefined;
  if (content.kind === "report" && saved.isPending) {
    return <BlockSkeleton height={height} label={t("counting")} />;
  }
  if (answer.query) {
    const question = questionIn(content, report);
    return question ? (
      <Answered question={question} title={title} answer={answer} height={height} />
    ) : (
      <CardNote>{t("card_gone")}</CardNote>
    );
  }
  if (answer.funnel) {
    const question = content.kind === "funnel" ? content.question : report?.config;
    return <FunnelView answer={answer.funnel} question={{ over: "stage", ...question }} short />;
  }
  if (answer.forecast) return <ForecastView answer={answer.forecast} height={height} />;
  if (answer.managers) return <ManagersView answer={answer.managers} most={columns} />;
  if (answer.plans) return <PlansView plans={answer.plans} />;
  if (answer.hints) return <HintsView hints={answer.hints.items} />;
  return <CardNote>{t("card_problem")}</CardNote>;
}

function questionIn(
  content: CardContent,
  saved: Pick<SavedReport, "config" | "chart"> | undefined,
): Question | undefined {
  if (content.kind === "question") return questionOf(content.question, content.chart?.kind);
  return saved && questionOf(saved.config as Partial<ReportQuestion>, saved.chart?.kind);
}

function Answered({
  question,
  title,
  answer,
  height,
}: Omit<FiguresProps, "content" | "columns"> & { question: Question }) {
  const { t } = useTranslation("reports");
  const measures = useQuery(measuresQuery).data?.items ?? [];
  const entity = useCounted(entityOf(question, measures), question.measures);
  if (!answer.query || !entity) return <CardNote>{t("unseen_text")}</CardNote>;
  return (
    <AnswerShown
      question={question}
      entity={entity}
      title={title}
      height={height}
      answers={{ whole: answer.query }}
    />
  );
}
