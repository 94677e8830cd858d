/** Rows that people arrange by hand: a handle at the left, what a row is, small actions at the right. */
import type { ReactNode } from "react";
import classes from "./ordered.module.css";

export const OrderedList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ol className={classes.list} aria-label={label}>
    {children}
  </ol>
);

interface RowProps {
  testId: string;
  handle: ReactNode;
  name: ReactNode;
  note?: ReactNode;
  wrong?: string;
  actions?: ReactNode;
  /** What a press on the name does; without it the name is a text. */
  onOpen?(): void;
}

export function OrderedRow({ testId, handle, name, note, wrong, actions, onOpen }: RowProps) {
  const body = (
    <>
      <span className={classes.name}>{name}</span>
      {note && <span className={classes.note}>{note}</span>}
      {wrong && (
        <span className={classes.wrong} role="alert">
          {wrong}
        </span>
      )}
    </>
  );
  return (
    <li className={classes.row} data-movable data-testid={testId} data-wrong={wrong !== undefined}>
      {handle}
      {onOpen ? (
        <button type="button" className={classes.body} onClick={onOpen}>
          {body}
        </button>
      ) : (
        <div className={classes.body}>{body}</div>
      )}
      {actions}
    </li>
  );
}

interface SwatchesProps {
  label: string;
  colors: { value: string; label: string }[];
  value: string;
  onChange(color: string): void;
}

/** A colour out of a few. */
export const Swatches = ({ label, colors, value, onChange }: SwatchesProps) => (
  <div className={classes.swatches} role="radiogroup" aria-label={label}>
    {colors.map((color) => (
      <button
        key={color.value}
        type="button"
        role="radio"
        aria-checked={color.value === value}
        aria-label={color.label}
        title={color.label}
        className={classes.swatch}
        style={{ "--swatch": color.value } as React.CSSProperties}
        onClick={() => onChange(color.value)}
      />
    ))}
  </div>
);
