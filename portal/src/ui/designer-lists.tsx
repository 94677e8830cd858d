/** Lists of the designer: what is wrong, lines of the wizard as they were understood, what differs. */
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode, Ref } from "react";
import classes from "./designer-lists.module.css";

export const ProblemList = ({
  ref,
  label,
  children,
}: {
  ref?: Ref<HTMLElement>;
  label: string;
  children: ReactNode;
}) => (
  <section
    ref={ref}
    tabIndex={-1}
    className={classes.problems}
    aria-label={label}
    data-testid="drawing-problems"
  >
    <ul>{children}</ul>
  </section>
);

export const ProblemLine = ({
  trouble,
  where,
  text,
  onGo,
  fix,
}: {
  trouble: "warning" | "problem";
  where: string;
  text: string;
  onGo?(): void;
  fix?: ReactNode;
}) => (
  <li data-trouble={trouble}>
    <IconAlertTriangle size={14} aria-hidden />
    {onGo ? (
      <button type="button" onClick={onGo}>
        <b>{where}</b> {text}
      </button>
    ) : (
      <span>
        <b>{where}</b> {text}
      </span>
    )}
    {fix}
  </li>
);

export const LinesFrame = ({ children }: { children: ReactNode }) => (
  <div className={classes.wizard}>{children}</div>
);

/** One line of the wizard as it was understood. */
export const PreviewLine = ({
  number,
  name,
  facts,
  problem,
}: {
  number: number;
  name: string;
  facts: string;
  problem?: string;
}) => (
  <li className={classes.preview} data-wrong={problem !== undefined}>
    <span className={classes.previewNumber}>{number}</span>
    <span>
      <span className={classes.previewName}>{name}</span>
      {facts && <span className={classes.previewFacts}>{facts}</span>}
      {problem && (
        <span className={classes.previewProblem} role="alert">
          {problem}
        </span>
      )}
    </span>
  </li>
);
export const PreviewList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ol className={classes.previews} aria-label={label}>
    {children}
  </ol>
);

/** `whole`: on a page of its own, without a height of its own. */
export const DifferenceList = ({
  label,
  whole,
  children,
}: {
  label: string;
  whole?: boolean;
  children: ReactNode;
}) => (
  <ul className={classes.differences} data-whole={whole ?? false} aria-label={label}>
    {children}
  </ul>
);

/** `mark`: what happened to it, in words; the colour only repeats them. */
export const DifferenceLine = ({
  how,
  mark,
  onGo,
  children,
}: {
  how: "added" | "removed" | "changed" | "moved";
  mark: string;
  /** Leads to it on the drawings. */
  onGo?(): void;
  children: ReactNode;
}) => (
  <li data-how={how}>
    <span className={classes.how}>{mark}</span>
    {onGo ? (
      <button type="button" className={classes.go} onClick={onGo}>
        {children}
      </button>
    ) : (
      <span>{children}</span>
    )}
  </li>
);
