/** How a task from a line looks: the line, and what was understood of it. */
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./quick.module.css";

interface LineProps {
  label: string;
  onSubmit(): void;
  children: ReactNode;
}

export const QuickLine = ({ label, onSubmit, children }: LineProps) => (
  <form
    className={classes.line}
    aria-label={label}
    onSubmit={(event) => {
      event.preventDefault();
      onSubmit();
    }}
  >
    {children}
  </form>
);

export const QuickChips = ({ id, label, children }: { id: string; label: string; children: ReactNode }) => (
  <div id={id} className={classes.chips} role="group" aria-label={label} aria-live="polite">
    {children}
  </div>
);

interface ChipProps {
  tone?: "ok" | "warn";
  remove?: { label: string; run(): void } | null;
  onPress?(): void;
  children: ReactNode;
}

export const QuickChip = ({ tone, remove, onPress, children }: ChipProps) => (
  <span className={classes.chip} data-tone={tone}>
    {onPress ? (
      <button type="button" className={classes.press} onClick={onPress}>
        {children}
      </button>
    ) : (
      <span className={classes.text}>{children}</span>
    )}
    {remove && (
      <button
        type="button"
        className={`${classes.remove} v-press`}
        aria-label={remove.label}
        onClick={remove.run}
      >
        <IconX size={14} aria-hidden />
      </button>
    )}
  </span>
);
