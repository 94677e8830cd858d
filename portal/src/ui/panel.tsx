/** Frames of a record's card: the side panel, its head, title, sections and columns. */
import { IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import classes from "./panel.module.css";
import { Bone } from "./states";
import { usePrinting } from "./use-printing";

/** Takes the focus when it opens, so that arrows and Esc work at once, and gives it back when it closes. */
export function SidePanel({ label, children }: { label: string; children: ReactNode }) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.focus({ preventScroll: true });
    return () => before?.focus({ preventScroll: true });
  }, []);
  return (
    <aside
      ref={element}
      tabIndex={-1}
      className={classes.panel}
      aria-label={label}
      data-testid="record-panel"
    >
      {children}
    </aside>
  );
}

interface HeadProps {
  icon: ReactNode;
  lead?: ReactNode;
  crumb: ReactNode;
  number?: number;
  actions: ReactNode;
}

export function CardHead({ icon, lead, crumb, number, actions }: HeadProps) {
  return (
    <header className={classes.head}>
      {lead}
      <span className={classes.icon}>{icon}</span>
      <span className={classes.crumb}>{crumb}</span>
      {number !== undefined && <span className={classes.number}>#{number}</span>}
      <span className={classes.grow} />
      {actions}
    </header>
  );
}

export const CardBody = ({ children }: { children: ReactNode }) => (
  <div className={classes.body}>{children}</div>
);
/** `level`: of the heading it is, 1 where the record is the page. */
export const CardTitle = ({ level, children }: { level: 1 | 2; children: ReactNode }) => (
  <div className={classes.title} role="heading" aria-level={level}>
    {children}
  </div>
);

/** What the record is about. */
export const CardConcerned = ({ children }: { children: ReactNode }) => (
  <div className={classes.concerned}>{children}</div>
);

export function CardNotice({ action, children }: { action: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.notice} role="status">
      <span>{children}</span>
      {action}
    </div>
  );
}

export function CardColumns({
  wide,
  fields,
  timeline,
}: {
  wide: boolean;
  fields: ReactNode;
  timeline: ReactNode;
}) {
  return (
    <div className={classes.columns} data-wide={wide}>
      <div className={classes.fields}>{fields}</div>
      {timeline}
    </div>
  );
}

/** Several things in one column of a card. */
export const CardStack = ({ children }: { children: ReactNode }) => (
  <div className={classes.fields}>{children}</div>
);

interface SectionProps {
  title: string;
  /** Folded until asked for: nothing in it is filled, or it is rarely needed. */
  folded?: boolean;
  children: ReactNode;
}

export function CardSection({ title, folded, children }: SectionProps) {
  const [open, setOpen] = useState(!folded);
  const printing = usePrinting();
  return (
    <section className={classes.section} aria-label={title}>
      {title &&
        (folded === undefined ? (
          <h2>{title}</h2>
        ) : (
          <h2>
            <button
              type="button"
              className={classes.fold}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              <IconChevronRight size={14} aria-hidden />
              {title}
            </button>
          </h2>
        ))}
      {(open || printing) && children}
    </section>
  );
}

export function CardBones() {
  return (
    <div className={classes.body}>
      <Bone width="70%" height={24} />
      <Bone height={28} />
      {Array.from({ length: 7 }, (_, index) => (
        <div key={index} className={classes.boneRow}>
          <Bone width="60%" />
          <Bone width={`${50 + ((index * 13) % 40)}%`} />
        </div>
      ))}
    </div>
  );
}
