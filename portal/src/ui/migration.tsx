/** How bringing instances to another version looks: old step beside new, reasons why some stay. */
import type { ReactNode } from "react";
import classes from "./migration.module.css";

export const MapRows = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.rows} aria-label={label}>
    {children}
  </ul>
);

/** `open`: nobody said yet what it becomes. */
export const MapRow = ({
  name,
  count,
  open,
  children,
}: {
  name: string;
  count: string;
  open: boolean;
  children: ReactNode;
}) => (
  <li className={classes.row} data-open={open}>
    <span>
      <span className={classes.name}>{name}</span>
      <span className={classes.count}>{count}</span>
    </span>
    <span aria-hidden className={classes.arrow}>
      →
    </span>
    {children}
  </li>
);

export const Reasons = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className={classes.reasons}>
    <p>{title}</p>
    <ul>{children}</ul>
  </section>
);

export const Reason = ({
  name,
  text,
  count,
  children,
}: {
  name: string;
  text: string;
  count: string;
  children?: ReactNode;
}) => (
  <li>
    <b>{count}</b>
    <span>
      {name}: {text}
      {children && <span className={classes.links}>{children}</span>}
    </span>
  </li>
);
