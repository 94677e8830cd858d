/** Problems of a drawing in a list: each leads to the field it is about, some are mended by a button. */
import { Button } from "@mantine/core";
import type { Ref } from "react";
import { useTranslation } from "react-i18next";
import type { DrawingProblem } from "@/api/drawings";
import { ProblemLine, ProblemList } from "@/ui/designer";
import { troubleOf, worstFirst } from "./model";

interface Props {
  ref?: Ref<HTMLElement>;
  problems: DrawingProblem[];
  tried: boolean;
  nameOf(element: string): string;
  onGo?(problem: DrawingProblem): void;
  onFix?(problem: DrawingProblem): void;
}

export function Problems({ ref, problems, tried, nameOf, onGo, onFix }: Props) {
  const { t } = useTranslation("drawings");
  const words = useProblemWords();
  return (
    <ProblemList ref={ref} label={t("problems")}>
      {worstFirst(problems)
        .slice(0, 200)
        .map((problem, index) => (
          <ProblemLine
            key={`${index} ${problem.element} ${problem.code}`}
            trouble={troubleOf(problem, tried)}
            where={problem.element ? nameOf(problem.element) : t("whole_drawing")}
            text={words(problem)}
            onGo={problem.element && onGo ? () => onGo(problem) : undefined}
            fix={
              problem.fix &&
              onFix && (
                <Button size="compact-sm" variant="default" onClick={() => onFix(problem)}>
                  {t(problem.fix === "make_executable" ? "fix_make_executable" : "fix")}
                </Button>
              )
            }
          />
        ))}
    </ProblemList>
  );
}

/** In the reader's language where we know the problem, else as the server says it. */
export function useProblemWords(): (problem: DrawingProblem) => string {
  const { t, i18n } = useTranslation("drawings");
  return ({ code, message }) => {
    const key = `problem_${code.replace(/\W/g, "_")}`;
    return i18n.exists(key, { ns: "drawings" }) ? t(key as "problem_no_executable_process") : message;
  };
}
