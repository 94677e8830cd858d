/** A dry run of the drawing as it stands: saved, run about a chosen record, and again whenever another way is chosen. */
import { useMutation } from "@tanstack/react-query";
import { type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { dryRunDrawing } from "@/api/drawings";
import { ApiError } from "@/api/problem";
import type { DryRun, Id } from "@/api/types";
import type { Designer, Way } from "@/engines/designer/designer";
import { isA } from "@/engines/designer/moddle";
import { useOnce } from "@/ui/use-once";
import type { Autosave } from "./autosave";
import { chooses } from "./panel-flow";
import { bringerOf, type Choice, placesOf, sentOf, type Walked, walkOf } from "./walk";

export type Subject = { entity: string; id: Id } | null;

export interface Walkthrough {
  run: DryRun;
  /** Where it would fail; open questions are none of these. */
  failed: { element: string; message: string }[];
  steps: Walked[];
  ways: Way[];
  /** What the drawing was then. */
  changes: number;
  subject: Subject;
}

interface Asked {
  subject: Subject;
  choices: Map<string, Choice>;
}

interface Given {
  id: Id;
  designer: Designer;
  autosave: RefObject<Autosave | undefined>;
  /** It cannot run: problems by element. */
  onRefused(fields: Record<string, { code: string; message: string }>): void;
}

export function useDryRun({ id, designer, autosave, onRefused }: Given) {
  const { t } = useTranslation("drawings");
  const [choices, setChoices] = useState(new Map<string, Choice>());
  const [shown, setShown] = useState<Walkthrough>();
  const asking = useMutation({
    mutationFn: async ({ subject, choices: chosen }: Asked) => {
      const saving = autosave.current;
      if (!saving || !(await saving.flush())) throw new Error(t("publish_unsaved"));
      const { changes } = designer;
      const ways = designer.ways();
      const run = await dryRunDrawing(id, saving.revision, { subject, ...sentOf(chosen.values()) });
      return { run, ways, changes };
    },
    onSuccess: ({ run, ways, changes }, { subject, choices: chosen }) => {
      setChoices(chosen);
      const open = new Set(run.open.map(({ element }) => element));
      const problems = run.problems as unknown as Walkthrough["failed"];
      const shape = designer.element;
      const steps = walkOf(
        run,
        ways,
        (element) => chooses(shape(element)),
        (element) => shape(element)?.type === "bpmn:ExclusiveGateway",
      );
      setShown({
        run,
        steps,
        ways,
        changes,
        subject,
        failed: problems.filter(({ element }) => !open.has(element)),
      });
    },
    onError: (error) => {
      const fields = error instanceof ApiError ? error.problem.fields : undefined;
      if (fields && Object.keys(fields).length > 0) onRefused(fields);
    },
  });

  const changes = designer.changes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn anew has no marks
  useEffect(() => {
    designer.marks.walk(
      shown && {
        places: placesOf(shown.steps),
        arrows: shown.steps.flatMap(({ taken }) => taken.map((way) => way.id)),
        failed: shown.failed.map(({ element }) => element),
      },
    );
  }, [designer, shown, changes]);
  useEffect(() => () => designer.marks.walk(undefined), [designer]);

  const ask = useOnce(asking.mutateAsync);
  const run = (subject: Subject, chosen = choices) => ask({ subject, choices: chosen });
  /** The way that is to be taken at a question, and what a step before it brings for that. */
  const choose = (question: string, way: string, variables: Record<string, unknown>) => {
    if (!shown) return;
    const works = (element: string) => {
      const file = designer.element(element)?.businessObject;
      return file !== undefined && isA(file, "bpmn:Activity");
    };
    const element = bringerOf(question, shown.ways, works);
    run(shown.subject, new Map(choices).set(question, { way, element, variables }));
  };
  return {
    shown,
    choices,
    run,
    choose,
    pending: asking.isPending,
    error: asking.error,
    stale: shown !== undefined && shown.changes !== changes,
  };
}
