/** A paper inside a page. */
import type { ReactNode } from "react";
import classes from "./paper-frame.module.css";

export const PaperSight = ({
  label,
  busy,
  children,
}: {
  label: string;
  busy: boolean;
  children: ReactNode;
}) => (
  <section className={classes.sight} aria-label={label} aria-busy={busy}>
    {children}
  </section>
);

export const PaperFrame = ({ label, address }: { label: string; address: string }) => (
  <iframe className={classes.frame} src={address} title={label} />
);
