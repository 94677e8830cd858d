/** A short scrolling list of lines with a control and small actions. */
import type { ReactNode } from "react";
import classes from "./pick-list.module.css";

export const PickList = ({ children }: { children: ReactNode }) => (
  <div className={classes.list}>{children}</div>
);

export const PickLine = ({ children, actions }: { children: ReactNode; actions?: ReactNode }) => (
  <div className={classes.line}>
    {children}
    {actions && <span className={classes.actions}>{actions}</span>}
  </div>
);

/** Label and what happened, for reports of refused rows. */
export const ReasonLine = ({ title, reason }: { title: ReactNode; reason: string }) => (
  <div className={classes.reason}>
    <span>{title}</span>
    <span>{reason}</span>
  </div>
);
