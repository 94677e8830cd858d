/** How rows of a sale look: a table where there is room, cards where there is none; what they come to underneath. */
import type { KeyboardEvent, ReactNode } from "react";
import classes from "./sale-rows.module.css";

interface TableProps {
  priced: boolean;
  head: ReactNode;
  children: ReactNode;
}

export const SaleTable = ({ priced, head, children }: TableProps) => (
  <div className={classes.room}>
    <div className={classes.table} data-priced={priced}>
      {head}
      {children}
    </div>
  </div>
);

/** Each control says itself what it is. */
export const SaleHead = ({ children }: { children: ReactNode }) => (
  <div className={classes.head} aria-hidden>
    {children}
  </div>
);

interface LineProps {
  place: number;
  label: string;
  problems: string[];
  onKeyDown?(event: KeyboardEvent<HTMLElement>): void;
  children: ReactNode;
}

export const SaleLine = ({ place, label, problems, onKeyDown, children }: LineProps) => (
  <div
    className={classes.line}
    role="group"
    aria-label={label}
    data-sale-row={place}
    data-problem={problems.length > 0}
    onKeyDown={onKeyDown}
  >
    {children}
    {problems.length > 0 && (
      <div className={classes.problems} role="alert">
        {problems.map((problem) => (
          <div key={problem}>{problem}</div>
        ))}
      </div>
    )}
  </div>
);

interface CellProps {
  column: string;
  label?: string;
  numeric?: boolean;
  children: ReactNode;
}

export const SaleCell = ({ column, label, numeric, children }: CellProps) => (
  <div className={classes.cell} data-cell={column} data-numeric={numeric ?? false}>
    {label && (
      <span className={classes.label} aria-hidden>
        {label}
      </span>
    )}
    <div className={classes.value}>{children}</div>
  </div>
);

/** A number and what it is counted in. */
export const Pair = ({ children }: { children: ReactNode }) => <div className={classes.pair}>{children}</div>;

export const SaleSumList = ({ stale, children }: { stale: boolean; children: ReactNode }) => (
  <dl className={classes.sums} data-stale={stale} aria-live="polite">
    {children}
  </dl>
);

interface SumProps {
  label: string;
  strong?: boolean;
  testId?: string;
  children: ReactNode;
}

export const SaleSum = ({ label, strong, testId, children }: SumProps) => (
  <div data-strong={strong ?? false} data-testid={testId}>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

interface NoteProps {
  /** Beside the rest. */
  quiet?: boolean;
  /** Why something was refused. */
  wrong?: boolean;
  children: ReactNode;
}

export const SaleNote = ({ quiet, wrong, children }: NoteProps) => (
  <p
    className={classes.note}
    data-quiet={quiet ?? false}
    data-wrong={wrong ?? false}
    role={wrong ? "alert" : undefined}
  >
    {children}
  </p>
);

export const SaleActions = ({ children }: { children: ReactNode }) => (
  <div className={classes.actions}>{children}</div>
);

export const ChangeLine = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className={classes.change}>
    <b>{title}</b>
    {children}
  </div>
);
