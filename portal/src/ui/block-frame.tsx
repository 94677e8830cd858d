/** What stands around and instead of a block of a page: bones, failures, nothing, columns. */
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./block-frame.module.css";
import { Bone } from "./states";

export const BlockBox = ({ quiet, children }: { quiet?: boolean; children: ReactNode }) => (
  <div className={classes.box} data-quiet={quiet ?? false}>
    {children}
  </div>
);

export function BlockSkeleton(props: { height: number; label: string; children?: ReactNode }) {
  const bones = Math.max(1, Math.min(12, Math.floor((props.height - 24) / 28)));
  return (
    <div className={classes.bones} role="status" aria-label={props.label} style={{ height: props.height }}>
      {Array.from({ length: bones }, (_, index) => (
        <Bone key={index} width={`${45 + ((index * 23) % 50)}%`} />
      ))}
      {props.children}
    </div>
  );
}

export const SlowNote = ({ action, children }: { action: ReactNode; children: ReactNode }) => (
  <div className={classes.slow}>
    <span>{children}</span>
    {action}
  </div>
);

interface FailureProps {
  title: string;
  text?: string;
  request?: string;
  action?: ReactNode;
  /** Beside what is still shown. */
  compact?: boolean;
}

export function FailureCard({ title, text, request, action, compact }: FailureProps) {
  return (
    <div className={classes.failure} role="alert" data-compact={compact ?? false}>
      <IconAlertTriangle size={18} aria-hidden />
      <div className={classes.failureText}>
        <strong>{title}</strong>
        {text && <p>{text}</p>}
        {request && <small>{request}</small>}
      </div>
      {action}
    </div>
  );
}

export const BlockStack = ({ children }: { children: ReactNode }) => (
  <div className={classes.stack}>{children}</div>
);

/** Side by side by their shares of twelve; on a phone one under the other. */
export const BlockColumns = ({ shares, children }: { shares: number[]; children: ReactNode[] }) => (
  <div
    className={classes.columns}
    style={{ gridTemplateColumns: shares.map((share) => `minmax(0, ${share}fr)`).join(" ") }}
  >
    {children}
  </div>
);

export const BlockGrid = ({ children }: { children: ReactNode }) => (
  <div className={classes.grid}>{children}</div>
);

/** A block of a height of its own, or as high as its content up to a limit: what is more scrolls inside. */
export const BlockPane = ({
  height,
  upTo,
  framed = false,
  children,
}: {
  height?: number;
  upTo?: number;
  framed?: boolean;
  children: ReactNode;
}) => (
  <div className={classes.pane} data-framed={framed} style={{ height, maxHeight: upTo }}>
    {children}
  </div>
);

/** A row of controls over a block. */
export const BlockBar = ({ children }: { children: ReactNode }) => (
  <div className={classes.bar}>{children}</div>
);
/** Tabs over a block, in line with its title. */
export const BlockTabs = ({ children }: { children: ReactNode }) => (
  <div className={classes.tabs}>{children}</div>
);
export const BarGap = () => <span className={classes.gap} />;
export const BarTitle = ({ children }: { children: ReactNode }) => (
  <strong className={classes.barTitle}>{children}</strong>
);

/** Controls that are one input together. */
export const InputGroup = ({
  label,
  error,
  children,
}: {
  label: string;
  error?: string | undefined;
  children: ReactNode;
}) => (
  <fieldset className={classes.inputs} aria-invalid={error !== undefined}>
    <legend>{label}</legend>
    {children}
    {error && <p role="alert">{error}</p>}
  </fieldset>
);
export const InputRow = ({ children }: { children: ReactNode }) => (
  <div className={classes.inputRow}>{children}</div>
);

/** One row of a form within a form. */
export const SubForm = ({
  label,
  action,
  children,
}: {
  label: string;
  action: ReactNode;
  children: ReactNode;
}) => (
  <section className={classes.subForm} aria-label={label}>
    <div>{children}</div>
    {action}
  </section>
);

/** Only spoken. */
export const Spoken = ({ id, children }: { id?: string; children: ReactNode }) => (
  <span id={id} className={classes.spoken}>
    {children}
  </span>
);

/** What is asked on a page or in a dialog, and its buttons. */
export const AskFields = ({ children }: { children: ReactNode }) => (
  <div className={classes.asked}>{children}</div>
);
export const AskButtons = ({ children }: { children: ReactNode }) => (
  <div className={classes.askButtons}>{children}</div>
);
