/** How a board looks: columns, cards, drop targets. Behaviour is the board feature's. */
import { ActionIcon } from "@mantine/core";
import { IconAlertTriangle, IconClockExclamation, IconX } from "@tabler/icons-react";
import type { ReactNode, Ref } from "react";
import type { StageSemantic } from "@/api/types";
import classes from "./board.module.css";

export const cardTitleClass = classes.cardTitle ?? "";

interface AreaProps {
  ref?: Ref<HTMLDivElement>;
  /** A record is open over its right part: the last column can still be brought out from under it. */
  beside: boolean;
  children: ReactNode;
}

export function BoardArea({ ref, beside, children }: AreaProps) {
  return (
    <div className={classes.board} ref={ref} data-beside={beside}>
      {children}
    </div>
  );
}

interface ColumnProps {
  ref?: Ref<HTMLElement>;
  testId: string;
  label: string;
  over: boolean;
}

export function BoardColumn({ ref, testId, label, over, children }: ColumnProps & { children: ReactNode }) {
  return (
    <section
      ref={ref}
      className={classes.column}
      data-column
      data-testid={testId}
      data-over={over}
      aria-label={label}
    >
      {children}
    </section>
  );
}

export function CollapsedColumn(
  props: ColumnProps & { onClick(): void; dot: ReactNode; name: string; count: string },
) {
  return (
    <section
      ref={props.ref}
      className={classes.collapsed}
      data-testid={props.testId}
      data-over={props.over}
      aria-label={props.name}
    >
      <button type="button" onClick={props.onClick} aria-expanded={false} title={props.label}>
        {props.dot}
        <span className={classes.count}>{props.count}</span>
        <span className={classes.vertical}>{props.name}</span>
      </button>
    </section>
  );
}

interface HeadProps {
  dot: ReactNode;
  name: string;
  count: string;
  sum: string;
  sumTitle?: string;
  actions: ReactNode;
}

export function ColumnHead({ dot, name, count, sum, sumTitle, actions }: HeadProps) {
  return (
    <header className={classes.head}>
      {dot}
      <h2 title={name}>{name}</h2>
      <span className={classes.count} data-testid="column-count">
        {count}
      </span>
      <span className={classes.sum} title={sumTitle} data-testid="column-sum">
        {sum}
      </span>
      {actions}
    </header>
  );
}

export function ColumnBody({
  ref,
  height,
  children,
}: {
  ref: Ref<HTMLDivElement>;
  height: number;
  children: ReactNode;
}) {
  return (
    <div ref={ref} className={classes.body}>
      <div className={classes.cards} style={{ height }}>
        {children}
      </div>
    </div>
  );
}

export function Slot({
  ref,
  index,
  top,
  children,
}: {
  ref: Ref<HTMLDivElement>;
  index: number;
  top: number;
  children: ReactNode;
}) {
  return (
    <div ref={ref} data-index={index} className={classes.slot} style={{ transform: `translateY(${top}px)` }}>
      {children}
    </div>
  );
}

export const ColumnNote = ({ children }: { children: ReactNode }) => (
  <div className={classes.note}>{children}</div>
);

interface CardProps {
  ref: Ref<HTMLElement>;
  testId: string;
  label: string;
  dragging: boolean;
  refused: boolean;
  arrived: boolean;
  selected: boolean;
  children: ReactNode;
}

export function BoardCard({ ref, testId, label, dragging, refused, arrived, selected, children }: CardProps) {
  return (
    <article
      ref={ref}
      className={classes.card}
      data-card
      data-testid={testId}
      data-dragging={dragging}
      data-refused={refused}
      data-arrived={arrived}
      data-selected={selected}
      aria-label={label}
    >
      {children}
    </article>
  );
}

export const CardLine = ({ children }: { children: ReactNode }) => (
  <div className={classes.line}>{children}</div>
);
export const CardFacts = ({ children }: { children: ReactNode }) => (
  <div className={classes.facts}>{children}</div>
);
export const CardFoot = ({ children }: { children: ReactNode }) => (
  <div className={classes.foot}>{children}</div>
);

export function FactMark(props: { label: string; overdue: boolean; strong: boolean; children: ReactNode }) {
  return (
    <span
      className={classes.fact}
      title={props.label}
      data-overdue={props.overdue}
      data-strong={props.strong}
    >
      {props.overdue && <IconClockExclamation size={14} aria-hidden />}
      {props.children}
    </span>
  );
}

export function CardReason(props: { children: ReactNode; dismissLabel: string; onDismiss(): void }) {
  return (
    <div className={classes.reason} role="note" data-testid="card-refusal">
      <IconAlertTriangle size={14} aria-hidden />
      <span>{props.children}</span>
      <ActionIcon size={18} color="red" aria-label={props.dismissLabel} onClick={props.onDismiss}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}

/** Where a card is written: Esc closes it. */
export function AddBox(props: { label: string; onClose(): void; children: ReactNode }) {
  return (
    <section
      className={classes.add}
      aria-label={props.label}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      {props.children}
    </section>
  );
}

export const DropArea = ({ children }: { children: ReactNode }) => (
  <div className={classes.dropArea}>{children}</div>
);

interface ZoneProps {
  ref: Ref<HTMLDivElement>;
  testId: string;
  over: boolean;
  semantic: StageSemantic;
  label: string;
  children: ReactNode;
}

export function DropZone({ ref, testId, over, semantic, label, children }: ZoneProps) {
  return (
    <div
      ref={ref}
      className={classes.dropZone}
      data-testid={testId}
      data-over={over}
      data-semantic={semantic}
      title={label}
    >
      {children}
    </div>
  );
}

export const Hidden = ({ id, children }: { id: string; children: ReactNode }) => (
  <span id={id} className={classes.hidden}>
    {children}
  </span>
);
