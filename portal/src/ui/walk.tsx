/** How a dry run and the notes of a drawing look: numbered steps with what happens at each, questions, remarks. */
import type { ReactNode } from "react";
import classes from "./walk.module.css";

/** A panel that stands in the place of another, with its own head. */
export const SideHead = ({ title, children }: { title: string; children: ReactNode }) => (
  <header className={classes.head}>
    <h2>{title}</h2>
    {children}
  </header>
);

export const SideStack = ({ children }: { children: ReactNode }) => (
  <div className={classes.stack}>{children}</div>
);

export const WalkList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ol className={classes.walk} aria-label={label}>
    {children}
  </ol>
);

interface WalkProps {
  place: string;
  name: string;
  /** Who, until when, what. */
  lines: { key: string; text: string; tone?: "late" | "plain" }[];
  trouble?: boolean;
  selected: boolean;
  onSelect(): void;
  children?: ReactNode;
}

export const WalkLine = ({ place, name, lines, trouble, selected, onSelect, children }: WalkProps) => (
  <li className={classes.step} data-trouble={trouble ?? false} data-selected={selected}>
    <span className={classes.place} aria-hidden>
      {place}
    </span>
    <div className={classes.what}>
      <button
        type="button"
        className={classes.name}
        aria-current={selected ? "step" : undefined}
        onClick={onSelect}
      >
        {name}
      </button>
      {lines.map(({ key, text, tone }) => (
        <p key={key} data-tone={tone ?? "plain"}>
          {text}
        </p>
      ))}
      {children}
    </div>
  </li>
);

export const RemarkList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.remarks} aria-label={label}>
    {children}
  </ul>
);

/** `where`: what it is about, when it is not said around it. */
export const Remark = ({
  where,
  mark,
  text,
  by,
  tools,
}: {
  where?: ReactNode;
  mark: string;
  text: string;
  by: string;
  tools: ReactNode;
}) => (
  <li className={classes.remark}>
    <div className={classes.remarkText}>
      {where}
      <b>{mark}</b>
      {text && <p>{text}</p>}
      <small>{by}</small>
    </div>
    <div>{tools}</div>
  </li>
);
