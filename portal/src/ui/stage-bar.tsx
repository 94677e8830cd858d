/** A row of stages: those passed are filled, the present one is named in full. */
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
  return (
    <div>
      <div
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
