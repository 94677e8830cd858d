/**
 * A row of stages: those passed are filled, those that the record was moved past are dashed, the present one stands out.
 * Where the names do not fit whole, there are the present stage, the next one and a menu of all: no name is ever cut to
 * a letter.
 */
import { Menu } from "@mantine/core";
import { IconArrowRight, IconChevronDown, IconClockExclamation } from "@tabler/icons-react";
import { useLayoutEffect, useRef, useState } from "react";
import type { Stage } from "@/api/types";
import classes from "./stage-bar.module.css";
import { placesOf } from "./stage-places";
import { StageDot, StageName, safeColor } from "./value";

interface Props {
  label: string;
  /** Says that the button moves to this stage. */
  nextLabel(stage: string): string;
  /** Of the menu of all stages. */
  allLabel: string;
  /** Name a stage behind the record for those who do not see its mark. */
  passedLabel(stage: string): string;
  skippedLabel(stage: string): string;
  stages: Stage[];
  current: string;
  /** Stages that it has stood in, as far as that is known. */
  stood?: readonly string[];
  disabled: boolean;
  problem?: string;
  /** Until when it may stand where it does; `late` when that is over. */
  due?: { text: string; late: boolean };
  onMove(stage: string): void;
}

/** Beside a name: padding, border, the gap to the neighbour; a closed stage has its sign. */
const around = 22;
const sign = 16;

/** Whether all names fit in one row as wide as the element. */
function useFits(names: string[], signs: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [fits, setFits] = useState(true);
  const text = names.join("\n");
  useLayoutEffect(() => {
    const node = ref.current;
    const context = document.createElement("canvas").getContext("2d");
    if (!node || !context) return;
    const style = getComputedStyle(node);
    // The present stage is bold; so every name is measured.
    context.font = `600 ${style.fontSize} ${style.fontFamily}`;
    const widest = text.split("\n").map((name) => context.measureText(name).width + around);
    const needed = widest.reduce((sum, width) => sum + width, 0) + signs * sign;
    const measure = () => setFits(needed <= node.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [text, signs]);
  return { ref, fits };
}

export function StageBar(props: Props) {
  const { label, stages, current, problem } = props;
  const at = stages.findIndex((stage) => stage.key === current);
  const color = safeColor(stages[at]?.color) ?? "var(--accent)";
  const { ref, fits } = useFits(
    stages.map((stage) => stage.name),
    stages.filter((stage) => stage.semantic !== "open").length,
  );
  return (
    <div>
      <div
        ref={ref}
        className={classes.bar}
        role="group"
        aria-label={label}
        style={{ "--stage": color } as React.CSSProperties}
      >
        {fits ? <Row {...props} /> : <Short {...props} at={at} />}
      </div>
      {props.due && (
        <div className={classes.due} data-late={props.due.late} data-testid="stage-due">
          {props.due.late && <IconClockExclamation size={14} aria-hidden />}
          {props.due.text}
        </div>
      )}
      {problem && (
        <div className={classes.problem} role="alert" data-testid="stage-refusal">
          {problem}
        </div>
      )}
    </div>
  );
}

function Row({ stages, current, stood, passedLabel, skippedLabel, disabled, onMove }: Props) {
  const places = placesOf(stages, current, stood);
  const said = { passed: passedLabel, skipped: skippedLabel, current: undefined, ahead: undefined };
  return stages.map((stage, index) => (
    <button
      key={stage.key}
      type="button"
      className={classes.stage}
      data-testid={`stage-${stage.key}`}
      data-passed={places[index] === "passed"}
      data-skipped={places[index] === "skipped"}
      data-current={places[index] === "current"}
      data-semantic={stage.semantic}
      aria-current={places[index] === "current" ? "step" : undefined}
      aria-label={said[places[index] ?? "ahead"]?.(stage.name)}
      disabled={disabled}
      onClick={() => onMove(stage.key)}
    >
      {stage.semantic !== "open" && <StageDot color={stage.color} semantic={stage.semantic} />}
      <span>{stage.name}</span>
    </button>
  ));
}

function Short({ stages, at, disabled, nextLabel, allLabel, onMove }: Props & { at: number }) {
  const present = stages[at];
  // After the last open stage there is a choice to make, not a next one.
  const next = present?.semantic === "open" ? stages[at + 1] : undefined;
  return (
    <>
      <Menu width="target" position="bottom-start" disabled={disabled}>
        <Menu.Target>
          <button
            type="button"
            className={classes.stage}
            data-testid="stage-menu"
            data-current
            data-short
            aria-label={present ? `${present.name}. ${allLabel}` : allLabel}
            disabled={disabled}
          >
            {present && <StageName {...present} />}
            <IconChevronDown size={16} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown miw={220}>
          {stages.map((stage) => (
            <Menu.Item
              key={stage.key}
              data-testid={`stage-${stage.key}`}
              disabled={stage.key === present?.key}
              onClick={() => onMove(stage.key)}
            >
              <StageName {...stage} />
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {next?.semantic === "open" && (
        <button
          type="button"
          className={classes.stage}
          data-testid="stage-next"
          data-short
          aria-label={nextLabel(next.name)}
          disabled={disabled}
          onClick={() => onMove(next.key)}
        >
          <IconArrowRight size={16} aria-hidden />
          <span>{next.name}</span>
        </button>
      )}
    </>
  );
}
