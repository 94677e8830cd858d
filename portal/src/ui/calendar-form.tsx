/** Rows of the editor of working calendars. */
import type { ReactNode } from "react";
import classes from "./calendar-form.module.css";

export const WeekRow = ({ note, children }: { note: string; children: ReactNode }) => (
  <div className={classes.week}>
    {children}
    <span>{note}</span>
  </div>
);

interface DayProps {
  label: string;
  problem?: string;
  remove: ReactNode;
  children: ReactNode;
}

export const CalendarDayRow = ({ label, problem, remove, children }: DayProps) => (
  <fieldset className={classes.day} aria-label={label}>
    {children}
    {remove}
    {problem && (
      <span className={classes.problem} role="alert">
        {problem}
      </span>
    )}
  </fieldset>
);
