/** Chips over a list, and the small form a chip opens. */
import { IconX } from "@tabler/icons-react";
import { type ReactNode, type Ref, useEffect, useRef } from "react";
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
      <button
        type="button"
        className={`${classes.remove} v-press`}
        aria-label={removeLabel}
        onClick={onRemove}
      >
        <IconX size={14} aria-hidden />
      </button>
    </span>
  );
}

interface FormProps {
  onSubmit(): void;
  /** Puts the cursor into the last control when the form appears: what is compared with. */
  focus?: boolean;
  children: ReactNode;
}

export function PopoverForm({ onSubmit, focus, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!focus) return;
    const timer = setTimeout(() => {
      const inputs = [...(form.current?.querySelectorAll<HTMLElement>("input:not([type=hidden])") ?? [])];
      (inputs.length > 1
        ? inputs[1]
        : form.current?.querySelector<HTMLElement>("button[type=submit]")
      )?.focus();
    }, 0);
    return () => clearTimeout(timer);
  }, [focus]);
  return (
    <form
      ref={form}
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

/** Of the button that sends a popover's form: beside its title, where no drop-down of its inputs lies over it. */
export const popoverApplyClass = classes.apply;
