/** Problems of a drawing in a list: each leads to the field it is about, some are mended by a button. */
import { Button } from "@mantine/core";
import type { Ref } from "react";
import { useTranslation } from "react-i18next";
import type { DrawingProblem } from "@/api/drawings";
import { ProblemLine, ProblemList } from "@/ui/designer-lists";
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
  return (
    <ProblemList ref={ref} label={t("problems")}>
      {worstFirst(problems)
        .slice(0, 200)
        .map((problem, index) => (
          <ProblemLine
            key={`${index} ${problem.element} ${problem.code}`}
            trouble={troubleOf(problem, tried)}
            where={problem.element ? nameOf(problem.element) : t("whole_drawing")}
            text={problem.message}
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
