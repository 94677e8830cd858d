/** A row of stages: those passed are filled, the present one is named in full. */
import { useEffect, useRef } from "react";
import type { Stage } from "@/api/types";
import classes from "./stage-bar.module.css";
import { StageDot, safeColor } from "./value";

interface Props {
  label: string;
  stages: Stage[];
  current: string;
  disabled: boolean;
  problem?: string;
  onMove(stage: string): void;
}

export function StageBar({ label, stages, current, disabled, problem, onMove }: Props) {
  const at = stages.findIndex((stage) => stage.key === current);
  const closed = stages[at] && stages[at].semantic !== "open";
  const color = safeColor(stages[at]?.color) ?? "var(--accent)";
  const bar = useRef<HTMLDivElement>(null);
  // Where the bar does not fit, the present stage is the one in view.
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the stage
  useEffect(() => {
    const node = bar.current;
    const step = node?.querySelector<HTMLElement>("[aria-current]");
    if (node && step) node.scrollLeft = step.offsetLeft - node.offsetLeft - 48;
  }, [current]);
  return (
    <div>
      <div
        ref={bar}
        className={classes.bar}
        role="group"
        aria-label={label}
        style={{ "--stage": color } as React.CSSProperties}
      >
        {stages.map((stage, index) => (
          <button
            key={stage.key}
            type="button"
            className={classes.stage}
            data-testid={`stage-${stage.key}`}
            data-passed={stage.semantic === "open" && (closed || index < at)}
            data-current={index === at}
            data-semantic={stage.semantic}
            aria-current={index === at ? "step" : undefined}
            aria-label={stage.name}
            title={stage.name}
            disabled={disabled}
            onClick={() => onMove(stage.key)}
          >
            {stage.semantic !== "open" && <StageDot color={stage.color} semantic={stage.semantic} />}
            <span>{stage.name}</span>
          </button>
        ))}
      </div>
      {problem && (
        <div className={classes.problem} role="alert" data-testid="stage-refusal">
          {problem}
        </div>
      )}
    </div>
  );
}
