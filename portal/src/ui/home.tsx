/** Blocks of the home page: short lists and the first steps of a new company. */
import type { ReactNode } from "react";
import classes from "./home.module.css";

export const HomeColumns = ({ children }: { children: ReactNode }) => (
  <div className={classes.columns}>{children}</div>
);

/** As wide as cards side by side need. */
export const HomeWidth = ({ children }: { children: ReactNode }) => (
  <div className={classes.width}>{children}</div>
);

export const HomeMore = ({ children }: { children: ReactNode }) => (
  <div className={classes.after}>{children}</div>
);

interface BlockProps {
  title: string;
  icon: ReactNode;
  count?: number;
  more?: ReactNode;
  children: ReactNode;
}

export function HomeBlock({ title, icon, count, more, children }: BlockProps) {
  return (
    <section className={classes.block} aria-label={title}>
      <header className={classes.head}>
        {icon}
        <h2>{title}</h2>
        {count !== undefined && <span className={classes.count}>{count}</span>}
        <span className={classes.more}>{more}</span>
      </header>
      <div className={classes.lines}>{children}</div>
    </section>
  );
}

interface LineProps {
  lead?: ReactNode;
  title: ReactNode;
  note?: ReactNode;
  time: string;
  exact?: string;
  late?: boolean;
}

export function HomeLine({ lead, title, note, time, exact, late }: LineProps) {
  return (
    <div className={classes.line}>
      {lead}
      <span className={classes.title}>{title}</span>
      {note && <span className={classes.note}>{note}</span>}
      <time className={classes.time} title={exact} data-late={late ?? false}>
        {time}
      </time>
    </div>
  );
}

export const HomeNote = ({ children }: { children: ReactNode }) => (
  <p className={classes.empty}>{children}</p>
);

export function HomeSteps({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <section className={classes.steps}>
      <h2>{title}</h2>
      <p>{text}</p>
      <div className={classes.cards}>{children}</div>
    </section>
  );
}

export function StepCard({
  icon,
  title,
  text,
  action,
}: {
  icon: ReactNode;
  title: string;
  text: string;
  action: ReactNode;
}) {
  return (
    <div className={classes.card}>
      <span className={classes.icon}>{icon}</span>
      <h3>{title}</h3>
      <p>{text}</p>
      {action}
    </div>
  );
}
