/** Chips over a list, and the small form a chip opens. */
import { IconX } from "@tabler/icons-react";
import type { ReactNode, Ref } from "react";
import classes from "./chips.module.css";

export function ChipRow({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.row} role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface ChipProps {
  ref?: Ref<HTMLSpanElement>;
  text: string;
  removeLabel: string;
  onOpen?(): void;
  onRemove(): void;
}

export function Chip({ ref, text, removeLabel, onOpen, onRemove }: ChipProps) {
  return (
    <span ref={ref} className={classes.chip}>
      {onOpen ? (
        <button type="button" className={classes.text} onClick={onOpen} title={text}>
          {text}
        </button>
      ) : (
        <span className={classes.text} title={text}>
          {text}
        </span>
      )}
      <button type="button" className={classes.remove} aria-label={removeLabel} onClick={onRemove}>
        <IconX size={14} aria-hidden />
      </button>
    </span>
  );
}

export function PopoverForm({ onSubmit, children }: { onSubmit(): void; children: ReactNode }) {
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

export const PopoverTitle = ({ children }: { children: ReactNode }) => (
  <div className={classes.title}>{children}</div>
);
