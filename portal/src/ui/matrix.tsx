/** How a matrix looks: names at the left, columns over it, cells between; sums at the ends. */
import type { CSSProperties, KeyboardEvent, ReactNode, Ref } from "react";
import type { Tone } from "./block";
import classes from "./matrix.module.css";

export const matrixRow = 32;

interface AreaProps {
  ref: Ref<HTMLDivElement>;
  label: string;
  rows: number;
  columns: number;
  /** Widths: of the names, of facts, of one cell, of the sums (0 = none). */
  widths: { name: number; facts: number; cell: number; total: number };
  facts: number;
  height?: number;
  described?: string;
  children: ReactNode;
}

export function MatrixArea(props: AreaProps) {
  const { name, facts, cell, total } = props.widths;
  const parts = [
    `${name}px`,
    ...(props.facts > 0 ? [`repeat(${props.facts}, ${facts}px)`] : []),
    `repeat(${props.columns}, minmax(${cell}px, 1fr))`,
    ...(total > 0 ? [`${total}px`] : []),
  ];
  const style = {
    "--matrix-columns": parts.join(" "),
    "--matrix-width": `${name + props.facts * facts + props.columns * cell + total}px`,
    maxHeight: props.height,
  };
  return (
    <div ref={props.ref} className={classes.area} style={style as CSSProperties}>
      <div
        className={classes.grid}
        role="grid"
        aria-label={props.label}
        aria-rowcount={props.rows + 1}
        aria-colcount={props.columns + props.facts + 1}
        aria-describedby={props.described}
      >
        {props.children}
      </div>
    </div>
  );
}

export const MatrixHead = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/useFocusableInteractive: cells take the focus
  <div className={classes.head} role="row" aria-rowindex={1}>
    {children}
  </div>
);

export const MatrixBody = ({ height, children }: { height: number; children: ReactNode }) => (
  <div className={classes.body} role="rowgroup" style={{ height }}>
    {children}
  </div>
);

interface RowProps {
  index: number;
  top: number;
  group?: boolean;
  children: ReactNode;
}
export const MatrixRow = ({ index, top, group = false, children }: RowProps) => (
  // biome-ignore lint/a11y/useFocusableInteractive: cells take the focus
  <div
    className={classes.row}
    role="row"
    aria-rowindex={index + 2}
    data-group={group}
    style={{ transform: `translateY(${top}px)` }}
  >
    {children}
  </div>
);

export const MatrixFoot = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/useFocusableInteractive: cells take the focus
  <div className={classes.foot} role="row">
    {children}
  </div>
);

interface NameProps {
  kind: "corner" | "column" | "row" | "fact" | "group" | "total";
  shaded?: boolean;
  today?: boolean;
  title?: string;
  children: ReactNode;
}

const roles = {
  corner: "columnheader",
  column: "columnheader",
  row: "rowheader",
  fact: "gridcell",
  group: "rowheader",
  total: "gridcell",
};

export const MatrixName = ({ kind, shaded = false, today = false, title, children }: NameProps) => (
  <div
    className={classes.name}
    role={roles[kind]}
    data-kind={kind}
    data-shaded={shaded}
    data-today={today}
    title={title}
  >
    <span>{children}</span>
  </div>
);

interface CellProps {
  at: string;
  label: string;
  tone: Tone;
  shaded: boolean;
  numeric: boolean;
  focusable: boolean;
  editing: boolean;
  problem?: string;
  editable: boolean;
  /** Without a pencil of its own a colour stands for itself: the sign says it again. */
  sign?: string;
  onFocus(): void;
  onDoubleClick(): void;
  onKeyDown(event: KeyboardEvent): void;
  children: ReactNode;
}

export function MatrixCell(props: CellProps) {
  return (
    <div
      className={classes.cell}
      role="gridcell"
      data-at={props.at}
      data-tone={props.tone}
      data-shaded={props.shaded}
      data-numeric={props.numeric}
      data-editing={props.editing}
      data-problem={props.problem !== undefined}
      data-editable={props.editable}
      aria-label={props.label}
      aria-readonly={!props.editable}
      aria-invalid={props.problem !== undefined || undefined}
      title={props.problem ?? props.label}
      tabIndex={props.focusable && !props.editing ? 0 : -1}
      onFocus={(event) => event.target === event.currentTarget && props.onFocus()}
      onDoubleClick={props.editing ? undefined : props.onDoubleClick}
      onKeyDown={props.editing ? undefined : props.onKeyDown}
    >
      {props.children}
    </div>
  );
}

interface InputProps {
  label: string;
  value: string;
  problem?: string;
  onChange(text: string): void;
  onKeyDown(event: KeyboardEvent<HTMLInputElement>): void;
  onBlur(): void;
}

export const MatrixInput = ({ label, value, problem, onChange, onKeyDown, onBlur }: InputProps) => (
  <input
    className={classes.input}
    aria-label={label}
    aria-invalid={problem !== undefined}
    title={problem}
    value={value}
    autoFocus
    onChange={(event) => onChange(event.currentTarget.value)}
    onKeyDown={onKeyDown}
    onBlur={onBlur}
  />
);

/** On a phone: the columns of one row, under each other. */
export const MatrixLines = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.lines} aria-label={label}>
    {children}
  </ul>
);

interface LineProps {
  label: string;
  shaded: boolean;
  tone: Tone;
  children: ReactNode;
}
export const MatrixLine = ({ label, shaded, tone, children }: LineProps) => (
  <li data-shaded={shaded} data-tone={tone}>
    <span>{label}</span>
    <div>{children}</div>
  </li>
);
