/** How a timeline looks: entries along a hairline, and the composer above them (below on a phone). */
import type { ReactNode } from "react";
import classes from "./timeline.module.css";

export function TimelineArea({
  title,
  action,
  composer,
  children,
}: {
  title: string;
  action?: ReactNode;
  composer: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.area} aria-label={title}>
      <header className={classes.top}>
        <h2>{title}</h2>
        {action}
      </header>
      {composer}
      <div className={classes.entries}>{children}</div>
    </section>
  );
}

export function Composer({ onSubmit, children }: { onSubmit(): void; children: ReactNode }) {
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

export const ComposerProblem = ({ children }: { children: ReactNode }) => (
  <div className={classes.problem} role="alert">
    {children}
  </div>
);

export const TimelineHint = ({ children }: { children: ReactNode }) => (
  <div className={classes.hint}>{children}</div>
);

interface EntryProps {
  icon: ReactNode;
  /** A thing that was done, rather than a change of a field. */
  strong: boolean;
  actor: string;
  action: string;
  time: string;
  when: string;
  exact: string;
  /** What else can be done with it, at the end of its first line. */
  menu?: ReactNode;
  children?: ReactNode;
}

export function Entry({ icon, strong, actor, action, time, when, exact, menu, children }: EntryProps) {
  return (
    <article className={classes.entry} data-strong={strong} data-testid="timeline-entry">
      <span className={classes.icon}>{icon}</span>
      <div className={classes.content}>
        <div className={classes.head}>
          <span>
            <b>{actor}</b> {action}
          </span>
          <time dateTime={time} title={exact}>
            {when}
          </time>
          {menu}
        </div>
        {children}
      </div>
    </article>
  );
}

export function Change({ label, before, after }: { label: string; before: string; after: string }) {
  return (
    <div className={classes.change}>
      <span>{label}:</span> <del>{before}</del> → <ins>{after}</ins>
    </div>
  );
}

export const EntryTitle = ({ done, children }: { done: boolean; children: ReactNode }) => (
  <div className={classes.title} data-done={done}>
    {children}
  </div>
);

export const EntryText = ({ late, children }: { late?: boolean; children: ReactNode }) => (
  <div className={classes.text} data-late={late ?? false}>
    {children}
  </div>
);
