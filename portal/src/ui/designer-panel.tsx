/** The panel at the right of the designer: its parts, controls side by side, groups that are dragged. */
import { IconGripHorizontal } from "@tabler/icons-react";
import { type ReactNode, type Ref, useState } from "react";
import classes from "./designer-panel.module.css";

export const Panel = ({
  ref,
  label,
  children,
}: {
  ref?: Ref<HTMLElement>;
  label: string;
  children: ReactNode;
}) => (
  <aside ref={ref} className={classes.panel} aria-label={label} data-testid="designer-panel">
    {children}
  </aside>
);

/** `name`: where a problem leads to. */
export const PanelPart = ({
  name,
  title,
  hint,
  children,
}: {
  name: string;
  title: string;
  hint?: ReactNode;
  children: ReactNode;
}) => (
  <section className={classes.part} aria-label={title} data-part={name}>
    <h3>{title}</h3>
    {children}
    {hint && <p className={classes.hint}>{hint}</p>}
  </section>
);

export const PanelHead = ({ kind, children }: { kind: ReactNode; children: ReactNode }) => (
  <div className={classes.panelHead}>
    <div className={classes.panelKind} data-part="kind">
      {kind}
    </div>
    <div data-part="name">{children}</div>
  </div>
);

/** Controls side by side; `top`: without labels over them, so that a reason below one leaves the others in place. */
export const Line = ({ top, children }: { top?: boolean; children: ReactNode }) => (
  <div className={classes.row} data-top={top}>
    {children}
  </div>
);
export const Grow = ({ children }: { children: ReactNode }) => <div className={classes.grow}>{children}</div>;
/** One of several, with its own controls. */
export const Group = ({ label, children }: { label: string; children: ReactNode }) => (
  <fieldset className={classes.group} aria-label={label}>
    {children}
  </fieldset>
);

const dragged = "application/x-verstak-line";

/** A group with a handle that is dragged to another's place; `place`: which of them it is. */
export function DragGroup({
  label,
  place,
  onMove,
  children,
}: {
  label: string;
  place: number;
  onMove(from: number, to: number): void;
  children: ReactNode;
}) {
  const [over, setOver] = useState(false);
  return (
    <fieldset
      className={classes.group}
      aria-label={label}
      data-over={over}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(dragged)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const from = Number(event.dataTransfer.getData(dragged));
        if (event.dataTransfer.types.includes(dragged) && from !== place) onMove(from, place);
      }}
    >
      {/* By keys there are buttons. */}
      <span
        className={classes.handle}
        aria-hidden
        draggable
        onDragStart={(event) => event.dataTransfer.setData(dragged, String(place))}
      >
        <IconGripHorizontal size={14} />
      </span>
      {children}
    </fieldset>
  );
}
