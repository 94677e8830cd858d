/** A report: what is set at the left is answered at the right. */

import { useTranslation } from "react-i18next";
import type { Entity, Measure } from "@/api/types";
import { useCounted } from "@/engines/reports/process-entity";
import { entityOf, isComplete, type Question, tidy } from "@/engines/reports/question";
import { ReportResult } from "@/engines/reports/result";
import { useSentence } from "@/engines/reports/sentence";
import { ReportPage, ReportWords } from "@/ui/report";
import { EmptyState } from "@/ui/states";
import { Setup } from "./setup";

export interface ReportProps {
  question: Question;
  measures: Measure[];
  named: { key: string; entity: string; label: string; field: string }[];
  /** Said of it by who made it. */
  note?: string;
  onChange(question: Question): void;
}

export function Report({ question, measures, named, note, onChange }: ReportProps) {
  const { t } = useTranslation("reports");
  const entity = useCounted(entityOf(question, measures), question.measures);
  const complete = isComplete(question) && entity !== undefined;
  return (
    <ReportPage
      setup={
        <Setup
          question={question}
          entity={entity}
          measures={measures}
          named={named}
          open={!complete}
          onChange={onChange}
        />
      }
    >
      {complete ? (
        <Answered question={question} entity={entity} measures={measures} note={note} onChange={onChange} />
      ) : (
        <EmptyState title={t(question.measures.length > 0 ? "unseen_title" : "begin_title")}>
          {t(question.measures.length > 0 ? "unseen_text" : "begin_text")}
        </EmptyState>
      )}
    </ReportPage>
  );
}

interface AnsweredProps extends Omit<ReportProps, "named"> {
  entity: Entity;
}

function Answered({ question, entity, measures, note, onChange }: AnsweredProps) {
  const sentence = useSentence(question, entity, measures);
  return (
    <>
      <ReportWords sentence={sentence} note={note} />
      <ReportResult
        question={question}
        entity={entity}
        title={sentence}
        onSort={(sort) => onChange(tidy({ ...question, sort }))}
      />
    </>
  );
}
