/** Cards of reports: those of a dashboard, links to reports side by side, hints in lines. */
import type { ReactNode } from "react";
import classes from "./report-cards.module.css";

/** Cards of a dashboard in twelve columns; one under another on a phone. */
export const CardGrid = ({ children }: { children: ReactNode }) => (
  <div className={classes.dashboard}>{children}</div>
);

interface CardFrameProps {
  /** Where it can be moved: its name among the cards. */
  id?: string;
  title: string;
  /** Its place and size in the grid. */
  place: { x: number; y: number; w: number; h: number };
  /** At the right of the title. */
  actions?: ReactNode;
  editing?: boolean;
  children: ReactNode;
}

/** How high a row of the grid is, px. */
export const cardRow = 84;

export const CardFrame = ({ id, title, place, actions, editing, children }: CardFrameProps) => (
  <section
    className={classes.frame}
    aria-label={title}
    data-card={id}
    data-editing={editing ?? false}
    style={{
      gridColumn: `${place.x + 1} / span ${place.w}`,
      gridRow: `${place.y + 1} / span ${place.h}`,
    }}
  >
    <header>
      <h2>{title}</h2>
      {actions}
    </header>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer than its card is moved by arrows */}
    <div className={classes.inside} tabIndex={editing ? undefined : 0} role="group" aria-label={title}>
      {children}
    </div>
  </section>
);

/** Where a card has nothing to show: what will stand there, and the act that fills it. */
export const CardNote = ({ action, children }: { action?: ReactNode; children: ReactNode }) => (
  <div className={classes.cardNote}>
    <p>{children}</p>
    {action}
  </div>
);

/** Links to reports side by side. */
export const ReportCards = ({ children }: { children: ReactNode }) => (
  <ul className={classes.cards}>{children}</ul>
);

export const reportCardClass = classes.card ?? "";

export const ReportCardBody = ({ icon, title, note }: { icon: ReactNode; title: string; note: string }) => (
  <>
    <span className={classes.cardIcon}>{icon}</span>
    <span className={classes.cardText}>
      <strong>{title}</strong>
      <span>{note}</span>
    </span>
  </>
);

export const HintLines = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.hints} aria-label={label}>
    {children}
  </ul>
);
