/** Frames of forms in drawers and pages. */
import type { ReactNode } from "react";
import classes from "./form.module.css";

interface Props {
  /** In a column of a board, not in a drawer or on a page. */
  small?: boolean;
  children: ReactNode;
}

export const FormFields = ({ small, children }: Props) => (
  <div className={classes.fields} data-small={small}>
    {children}
  </div>
);
export const FormActions = ({ small, children }: Props) => (
  <div className={classes.actions} data-small={small}>
    {children}
  </div>
);
/** Takes the width that its neighbour leaves. */
export const FormWide = ({ children }: { children: ReactNode }) => (
  <div className={classes.wide}>{children}</div>
);
/** `urgent`: it waits for an answer. */
export const FormNote = ({ urgent, children }: { urgent?: boolean; children: ReactNode }) => (
  <span className={classes.note} role={urgent ? "alert" : undefined} data-urgent={urgent}>
    {children}
  </span>
);

/** What follows from what stands in the form: nobody writes it. */
export const FormFacts = ({ items }: { items: { label: string; value: string }[] }) => (
  <dl className={classes.facts} aria-live="polite">
    {items.map(({ label, value }) => (
      <div key={label}>
        <dt>{label}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** Something to know before the form is sent; stops nothing. */
export const FormHint = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className={classes.hint} role="status">
    <span>{title}</span>
    {children}
  </div>
);

/** The first control whose text cannot be read as what it stands for; its reason stands beside it. */
export function firstUnread(form: HTMLFormElement): HTMLInputElement | undefined {
  return [...form.elements].find(
    (one): one is HTMLInputElement => one instanceof HTMLInputElement && one.validity.customError,
  );
}
