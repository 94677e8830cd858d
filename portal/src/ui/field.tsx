/** Frames of editable fields: the row, the value that can be clicked, the editor, the clash of two edits. */
import { IconAlertTriangle } from "@tabler/icons-react";
import { type FocusEvent, type KeyboardEvent, type ReactNode, type Ref, useRef } from "react";
import classes from "./field.module.css";

interface RowProps {
  ref?: Ref<HTMLDivElement>;
  testId: string;
  label?: string;
  required?: boolean;
  problem?: string;
  children: ReactNode;
}

export function FieldRow({ ref, testId, label, required, problem, children }: RowProps) {
  return (
    <div
      ref={ref}
      className={label === undefined ? classes.bare : classes.row}
      data-field-row
      data-testid={testId}
    >
      {label !== undefined && (
        <div className={classes.label} title={label}>
          {label}
          {required && <span aria-hidden>*</span>}
        </div>
      )}
      <div className={classes.cell}>
        {children}
        {problem && (
          <div className={classes.problem} role="alert">
            {problem}
          </div>
        )}
      </div>
    </div>
  );
}

/** The whole area is a button for the mouse and the keyboard; links in the value stay links. */
export function ViewBox(props: { label?: string; onEdit(): void; changed: boolean; children: ReactNode }) {
  return (
    <div className={classes.view} data-editable={props.label !== undefined} data-problem={props.changed}>
      {props.label !== undefined && (
        <button
          type="button"
          className={classes.hit}
          aria-label={props.label}
          onClick={props.onEdit}
          data-edit
        />
      )}
      <div className={classes.value}>{props.children}</div>
    </div>
  );
}

/** Whether the focus went to something this editor opened in a layer of its own. */
function inLayer(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("[data-portal], [data-mantine-shared-portal-node]") !== null
  );
}

export function EditBox(props: { onLeave(): void; onTab(back: boolean): void; children: ReactNode }) {
  const done = useRef(false);
  const leave = (event: FocusEvent<HTMLDivElement>) => {
    if (done.current || event.currentTarget.contains(event.relatedTarget) || inLayer(event.relatedTarget))
      return;
    // A click inside an opened list takes the focus nowhere for a moment.
    const box = event.currentTarget;
    setTimeout(() => {
      if (done.current || !box.isConnected || box.contains(document.activeElement)) return;
      if (inLayer(document.activeElement) || box.querySelector("[aria-expanded=true]")) return;
      props.onLeave();
    }, 0);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Tab") return;
    // A hidden input (the value of a list) has a place in the order too, but nobody gets there.
    const inside = [
      ...event.currentTarget.querySelectorAll<HTMLElement>("input:not([type=hidden]), textarea, button"),
    ].filter((node) => node.tabIndex >= 0 && !node.hasAttribute("disabled"));
    const edge = event.shiftKey ? inside[0] : inside[inside.length - 1];
    if (inside.length > 1 && document.activeElement !== edge) return;
    event.preventDefault();
    // Where the editor stays open, with what cannot be read in it, leaving it later is leaving it again.
    done.current = true;
    setTimeout(() => {
      done.current = false;
    }, 50);
    props.onTab(event.shiftKey);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and focus of the control inside
    <div className={classes.edit} onBlur={leave} onKeyDown={keys}>
      {props.children}
    </div>
  );
}

interface Side {
  label: string;
  value: string;
}

/** What was typed and is not saved stands under the value it did not replace. */
export function UnsavedNote({ text, actions }: { text: string; actions: ReactNode }) {
  return (
    <div className={classes.unsaved} role="status">
      <span>{text}</span>
      <div className={classes.actions}>{actions}</div>
    </div>
  );
}

export function ConflictNote({ text, sides, actions }: { text: string; sides: Side[]; actions: ReactNode }) {
  return (
    <div className={classes.conflict} role="alert">
      <div className={classes.conflictText}>
        <IconAlertTriangle size={16} aria-hidden />
        {text}
      </div>
      <dl>
        {sides.map((side) => (
          <div key={side.label}>
            <dt>{side.label}</dt>
            <dd>{side.value}</dd>
          </div>
        ))}
      </dl>
      <div className={classes.actions}>{actions}</div>
    </div>
  );
}

interface MultiProps {
  ref?: Ref<HTMLDivElement>;
  label: string;
  onEnter(): void;
  onEscape(): void;
  children: ReactNode;
}

export function MultiBox({ ref, label, onEnter, onEscape, children }: MultiProps) {
  return (
    <div
      ref={ref}
      className={classes.multi}
      role="group"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onEscape();
        }
        const target = event.target as HTMLElement;
        if (event.key === "Enter" && target.tagName === "INPUT" && !target.getAttribute("aria-haspopup")) {
          event.preventDefault();
          onEnter();
        }
      }}
    >
      {children}
    </div>
  );
}

export const MultiLabel = ({ children }: { children: ReactNode }) => (
  <div className={classes.formLabel}>{children}</div>
);
export const MultiLine = ({ children }: { children: ReactNode }) => (
  <div className={classes.multiLine}>{children}</div>
);
export const MultiProblem = ({ children }: { children: ReactNode }) => (
  <div className={classes.problem} role="alert">
    {children}
  </div>
);

export function AddLine({
  icon,
  onClick,
  children,
}: {
  icon: ReactNode;
  onClick(): void;
  children: ReactNode;
}) {
  return (
    <button type="button" className={classes.addLine} onClick={onClick}>
      {icon}
      {children}
    </button>
  );
}

export const SideBySide = ({ children }: { children: ReactNode }) => (
  <div className={classes.beside}>{children}</div>
);
