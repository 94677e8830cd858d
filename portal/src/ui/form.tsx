/** Frames of forms in drawers and pages. */
import type { ReactNode } from "react";
import classes from "./form.module.css";

export const FormFields = ({ children }: { children: ReactNode }) => (
  <div className={classes.fields}>{children}</div>
);
export const FormActions = ({ children }: { children: ReactNode }) => (
  <div className={classes.actions}>{children}</div>
);
export const FormNote = ({ children }: { children: ReactNode }) => (
  <span className={classes.note}>{children}</span>
);
