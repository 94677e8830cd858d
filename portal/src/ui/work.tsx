/** How work looks: counters, rows of the inbox, the foot of a task, states in words, notifications. */
import { IconArrowRight } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode, Ref } from "react";
import classes from "./work.module.css";

export const CounterBar = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.bar} role="toolbar" aria-label={label}>
    {children}
  </div>
);

interface CounterProps {
  label: string;
  count: number | undefined;
  /** Something is wrong while it is not zero. */
  late?: boolean;
  pressed: boolean;
  onPress(): void;
}

export const Counter = ({ label, count, late, pressed, onPress }: CounterProps) => (
  <button
    type="button"
    className={classes.counter}
    data-late={Boolean(late && count)}
    aria-pressed={pressed}
    onClick={onPress}
  >
    {label} {count !== undefined && <b>{count}</b>}
  </button>
);

/** Arrows go from row to row: each row has one link that the keyboard stands on. */
function walk(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row] a[data-row-link]")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

export const WorkList = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/noStaticElementInteractions: arrows only move between the links inside
  <div className={classes.list} onKeyDown={walk}>
    {children}
  </div>
);

export const WorkGroup = ({
  title,
  late,
  children,
}: {
  title: string;
  late?: boolean;
  children: ReactNode;
}) => (
  <section aria-label={title}>
    <h2 className={classes.group} data-late={late ?? false}>
      {title}
    </h2>
    <ul className={classes.rows}>{children}</ul>
  </section>
);

interface RowProps {
  testId: string;
  link: ReactNode;
  facts?: ReactNode;
  about?: ReactNode;
  due: string;
  exact?: string;
  late?: boolean;
  who?: ReactNode;
  opened?: boolean;
}

export const WorkRow = ({ testId, link, facts, about, due, exact, late, who, opened }: RowProps) => (
  <li className={classes.row} data-row data-open={opened ?? false} data-testid={testId}>
    <span className={classes.name}>
      {link}
      {facts && <span className={classes.facts}>{facts}</span>}
    </span>
    <span className={classes.about}>{about}</span>
    <time className={classes.due} data-late={late ?? false} title={exact}>
      {due}
    </time>
    <span>{who}</span>
  </li>
);

/** A row of a narrow list beside what is chosen in it. */
export const PickRow = ({
  testId,
  link,
  end,
  children,
  opened,
}: {
  testId: string;
  link: ReactNode;
  end?: ReactNode;
  children?: ReactNode;
  opened: boolean;
}) => (
  <div className={classes.pick} data-row data-open={opened} data-testid={testId}>
    <div className={classes.line}>
      <span className={classes.name}>{link}</span>
      {end}
    </div>
    {children}
  </div>
);

export const PickFacts = ({ children }: { children: ReactNode }) => (
  <span className={classes.facts}>{children}</span>
);

export function Split({ label, side, children }: { label: string; side: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.split}>
      <section className={classes.side} aria-label={label} onKeyDown={walk}>
        {side}
      </section>
      <div className={classes.sight}>{children}</div>
    </div>
  );
}

export const WorkPage = ({ children }: { children: ReactNode }) => (
  <div className={classes.page}>{children}</div>
);
export const WorkCenter = ({ children }: { children: ReactNode }) => (
  <div className={classes.center}>{children}</div>
);

export const WorkFoot = ({ children }: { children: ReactNode }) => (
  <footer className={classes.foot}>{children}</footer>
);
export const FootButtons = ({ children }: { children: ReactNode }) => (
  <div className={classes.buttons}>{children}</div>
);
export const FootGap = () => <span className={classes.grow} />;

/** What is missing and the way to mend each. */
export function Missing({
  ref,
  title,
  items,
}: {
  ref?: Ref<HTMLDivElement>;
  title: string;
  items: { key: string; text: string; fix?: ReactNode }[];
}) {
  return (
    <div ref={ref} className={classes.missing} role="alert">
      <p>{title}</p>
      <ul>
        {items.map(({ key, text, fix }) => (
          <li key={key}>
            <span>{text}</span>
            {fix}
          </li>
        ))}
      </ul>
    </div>
  );
}

export const Facts = ({ children }: { children: ReactNode }) => (
  <dl className={classes.facts2}>{children}</dl>
);
export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

export const PlainText = ({ children }: { children: ReactNode }) => (
  <div className={classes.plain}>{children}</div>
);
export const Hint = ({ children }: { children: ReactNode }) => <p className={classes.hint}>{children}</p>;

export type Tone = "late" | "wait" | "done" | "plain";
export const StateMark = ({
  tone,
  icon,
  children,
}: {
  tone: Tone;
  icon?: ReactNode;
  children: ReactNode;
}) => (
  <span className={classes.state} data-tone={tone}>
    {icon}
    {children}
  </span>
);

export const CheckRows = ({ children }: { children: ReactNode }) => (
  <ul className={classes.checklist}>{children}</ul>
);
export const TalkRows = ({ children }: { children: ReactNode }) => (
  <ul className={classes.talk}>{children}</ul>
);
export const TalkRow = ({
  who,
  when,
  exact,
  children,
}: {
  who: string;
  when: string;
  exact: string;
  children: ReactNode;
}) => (
  <li>
    <b>{who}</b>
    <time title={exact}>{when}</time>
    <div className={classes.plain}>{children}</div>
  </li>
);

export const Cards = ({ children }: { children: ReactNode }) => (
  <div className={classes.cards}>{children}</div>
);
export const Card = ({ title, text, children }: { title: string; text: string; children: ReactNode }) => (
  <article className={classes.card}>
    <h3>{title}</h3>
    <p>{text}</p>
    {children}
  </article>
);

export const Notices = ({ children }: { children: ReactNode }) => (
  <div className={classes.notices}>{children}</div>
);
export const noticeClass = classes.notice ?? "";
export const NoticeBody = ({
  unread,
  unreadLabel,
  when,
  exact,
  children,
}: {
  unread: boolean;
  unreadLabel: string;
  when: string;
  exact: string;
  children: ReactNode;
}) => (
  <>
    <span
      className={classes.dot}
      data-off={!unread}
      {...(unread ? { role: "img", "aria-label": unreadLabel } : { "aria-hidden": true })}
    />
    <span>{children}</span>
    <time title={exact}>{when}</time>
  </>
);

export const MoreArrow = () => <IconArrowRight size={14} aria-hidden />;
