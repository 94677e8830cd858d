/** The frame of every signed-in page: left panel, content, and a bottom bar on a phone. */
import type { ReactNode } from "react";
import classes from "./frame.module.css";

interface Props {
  label: string;
  skipLabel: string;
  collapsed: boolean;
  panelTop: ReactNode;
  panelBody: ReactNode;
  panelBottom: ReactNode;
  bottomBar: ReactNode;
  notice?: ReactNode;
  /** Over everything, on every page. */
  bar?: ReactNode;
  children: ReactNode;
}

export function Frame(props: Props) {
  return (
    <div className={classes.frame} data-collapsed={props.collapsed} data-bar={props.bar !== undefined}>
      <a className={classes.skip} href="#content">
        {props.skipLabel}
      </a>
      {props.bar !== undefined && <div className={classes.bar}>{props.bar}</div>}
      <nav className={classes.panel} aria-label={props.label}>
        <div className={classes.panelTop}>{props.panelTop}</div>
        <div className={classes.panelBody}>{props.panelBody}</div>
        <div className={classes.panelBottom}>{props.panelBottom}</div>
      </nav>
      <main className={classes.main} id="content" tabIndex={-1}>
        {props.notice && (
          <div className={classes.notice} role="status">
            {props.notice}
          </div>
        )}
        {props.children}
      </main>
      <nav className={classes.bottomBar} aria-label={props.label}>
        {props.bottomBar}
      </nav>
    </div>
  );
}

export const placeClass = classes.place ?? "";

/** What the bar says, with what can be done about it. */
export const BarLine = ({ label, text, action }: { label: string; text: string; action: ReactNode }) => (
  <section className={classes.barLine} aria-label={label}>
    <span role="status">{text}</span>
    {action}
  </section>
);

/** A line over everything that asks for something without taking the focus. */
export const Banner = ({ text, action }: { text: string; action: ReactNode }) => (
  <div className={classes.banner} role="alert">
    <span>{text}</span>
    {action}
  </div>
);
