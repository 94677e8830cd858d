/** Pieces of the form of a gateway: lines of headers, the request as it goes out. */
import type { ReactNode } from "react";
import classes from "./gateway-form.module.css";

export const HeaderLine = ({ children }: { children: ReactNode }) => (
  <div className={classes.line}>{children}</div>
);

/** Several controls under one name. */
export const FieldGroup = ({ label, children }: { label: string; children: ReactNode }) => (
  <fieldset className={classes.group}>
    <legend>{label}</legend>
    {children}
  </fieldset>
);

/** Text as it is, letter by letter; scrolled by keys, too. */
export const Mono = ({ label, children }: { label: string; children: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
  <section className={classes.mono} aria-label={label} tabIndex={0}>
    <pre>{children}</pre>
  </section>
);
