/** How a route map looks: the frame of the drawing, the marks on it, and the list of steps. */
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconArrowsMove,
  IconCheck,
  IconCircle,
  IconClock,
  IconMinus,
  IconPencil,
  IconPlayerTrackNext,
  IconPlus,
  IconPointFilled,
  IconX,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./route-map.module.css";

export const mapClasses = { canvas: classes.canvas ?? "", badge: classes.badge ?? "" };

export const MapBar = ({ children }: { children: ReactNode }) => (
  <div className={classes.bar}>{children}</div>
);
export const MapFrame = ({ children }: { children: ReactNode }) => (
  <div className={classes.frame}>{children}</div>
);

export const StepList = ({ children }: { children: ReactNode }) => (
  <ol className={classes.steps}>{children}</ol>
);

const icons = {
  current: IconPointFilled,
  overdue: IconAlertTriangle,
  waiting: IconClock,
  incident: IconAlertTriangle,
  done: IconCheck,
  skipped: IconPlayerTrackNext,
  undone: IconArrowBackUp,
  cancelled: IconX,
  problem: IconAlertTriangle,
  warning: IconAlertTriangle,
  path: IconCheck,
  added: IconPlus,
  removed: IconMinus,
  changed: IconPencil,
  moved: IconArrowsMove,
} as const;

interface StepProps {
  id: string;
  name: string;
  kind: string;
  state?: keyof typeof icons;
  words: string;
  message?: string;
  selected?: boolean;
  choose?: ReactNode;
}

export function Step({ id, name, kind, state, words, message, selected, choose }: StepProps) {
  const Icon = state ? icons[state] : IconCircle;
  return (
    <li
      className={classes.step}
      data-state={state ?? "untouched"}
      data-selected={selected ?? false}
      data-testid={`step-${id}`}
      aria-current={state === "current" || state === "overdue" ? "step" : undefined}
    >
      <span className={classes.mark}>
        <Icon size={14} aria-hidden />
      </span>
      <span className={classes.what}>
        <span className={classes.name}>{name}</span>
        <span className={classes.words}>{[kind, words].filter(Boolean).join(" · ")}</span>
        {message && <span className={classes.message}>{message}</span>}
      </span>
      {choose}
    </li>
  );
}

/** Two drawings beside one another, each under its name. */
export const MapPair = ({ children }: { children: ReactNode }) => (
  <div className={classes.pair}>{children}</div>
);
export const MapSide = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className={classes.side} aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
);
