/** A guest's page: one sheet in the middle, what was written on it, languages below. */
import type { ReactNode } from "react";
import classes from "./guest.module.css";

interface SheetProps {
  title: string;
  subtitle: string;
  children: ReactNode;
  below: ReactNode;
}

export function GuestSheet({ title, subtitle, children, below }: SheetProps) {
  return (
    <main className={classes.page}>
      <div className={classes.sheet}>
        <header className={classes.head}>
          <p>{subtitle}</p>
          <h1>{title}</h1>
        </header>
        {children}
      </div>
      <div className={classes.bottom}>{below}</div>
    </main>
  );
}

export const GuestComments = ({ children }: { children: ReactNode }) => (
  <ul className={classes.comments}>{children}</ul>
);

export const GuestComment = ({
  author,
  at,
  children,
}: {
  author: string;
  at: string;
  children: ReactNode;
}) => (
  <li>
    <b>{author}</b> <small>{at}</small>
    {children}
  </li>
);
