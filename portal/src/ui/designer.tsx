/** How the designer looks: the list of steps, the palette over the canvas, the panel at the right, lines of its lists. */
import { IconAlertTriangle, IconGripHorizontal } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, type Ref, useState } from "react";
import classes from "./designer.module.css";

export const designerClasses = { canvas: classes.canvas ?? "", badge: classes.badge ?? "" };

export const DesignerFrame = ({
  steps,
  panel,
  children,
}: {
  steps: ReactNode;
  panel: ReactNode;
  children: ReactNode;
}) => (
  <div className={classes.frame} data-steps={Boolean(steps)}>
    {steps}
    <div className={classes.middle}>{children}</div>
    {panel}
  </div>
);

/** Up and down go from line to line; the rest of a chosen line is reached by Tab. */
function walk(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const names = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-step-name]")];
  const at = names.indexOf(document.activeElement as HTMLElement);
  const next = names[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

export const StepsPane = ({
  label,
  head,
  children,
}: {
  label: string;
  head: ReactNode;
  children: ReactNode;
}) => (
  <nav className={classes.steps} aria-label={label}>
    <div className={classes.stepsHead}>{head}</div>
    {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows only move between the buttons inside */}
    <div className={classes.stepsBody} onKeyDown={walk}>
      {children}
    </div>
  </nav>
);

export const StepLines = ({ children }: { children: ReactNode }) => (
  <ol className={classes.lines}>{children}</ol>
);

interface StepLineProps {
  id: string;
  icon: ReactNode;
  name: string;
  /** Its kind in words, also where the icon says it. */
  about: string;
  nameless?: boolean;
  inner: number;
  trouble?: "warning" | "problem";
  troubleWords?: string;
  selected: boolean;
  onSelect(): void;
  /** What can be done with it, shown while it is selected. */
  children?: ReactNode;
}

export const StepLine = ({
  id,
  icon,
  name,
  about,
  nameless,
  inner,
  trouble,
  troubleWords,
  selected,
  onSelect,
  children,
}: StepLineProps) => (
  <li
    className={classes.line}
    data-selected={selected}
    data-testid={`line-${id}`}
    style={{ paddingInlineStart: inner * 16 }}
  >
    <button
      type="button"
      className={classes.lineName}
      data-step-name
      aria-current={selected ? "true" : undefined}
      onClick={onSelect}
    >
      <span className={classes.lineIcon}>{icon}</span>
      <span className={classes.lineText}>
        <span className={classes.lineTitle} data-nameless={nameless ?? false}>
          {name}
        </span>
        <span className={classes.lineAbout}>{about}</span>
      </span>
      {trouble && (
        <span className={classes.trouble} data-trouble={trouble} role="img" aria-label={troubleWords}>
          <IconAlertTriangle size={14} aria-hidden />
        </span>
      )}
    </button>
    {selected && children && <div className={classes.lineActs}>{children}</div>}
  </li>
);

/** At the left of the canvas: what can be drawn. */
export const Palette = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.palette} role="toolbar" aria-label={label} aria-orientation="vertical">
    {children}
  </div>
);

export const PaletteFoot = ({ children }: { children: ReactNode }) => (
  <div className={classes.paletteFoot}>{children}</div>
);

export const PaletteItem = ({
  label,
  icon,
  onPress,
  onDrag,
}: {
  label: string;
  icon: ReactNode;
  onPress(event: React.MouseEvent): void;
  onDrag(event: React.DragEvent): void;
}) => (
  <button
    type="button"
    className={classes.paletteItem}
    title={label}
    draggable
    onClick={onPress}
    onDragStart={(event) => {
      event.preventDefault();
      onDrag(event);
    }}
  >
    {icon}
    <span>{label}</span>
  </button>
);

export const CanvasTools = ({ children }: { children: ReactNode }) => (
  <div className={classes.tools}>{children}</div>
);
/** What stands over the canvas while something is to be said. */
export const CanvasNote = ({ children }: { children: ReactNode }) => (
  <div className={classes.note} role="status">
    {children}
  </div>
);

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

export const ProblemList = ({
  ref,
  label,
  children,
}: {
  ref?: Ref<HTMLElement>;
  label: string;
  children: ReactNode;
}) => (
  <section
    ref={ref}
    tabIndex={-1}
    className={classes.problems}
    aria-label={label}
    data-testid="drawing-problems"
  >
    <ul>{children}</ul>
  </section>
);

export const ProblemLine = ({
  trouble,
  where,
  text,
  onGo,
  fix,
}: {
  trouble: "warning" | "problem";
  where: string;
  text: string;
  onGo?(): void;
  fix?: ReactNode;
}) => (
  <li data-trouble={trouble}>
    <IconAlertTriangle size={14} aria-hidden />
    {onGo ? (
      <button type="button" onClick={onGo}>
        <b>{where}</b> {text}
      </button>
    ) : (
      <span>
        <b>{where}</b> {text}
      </span>
    )}
    {fix}
  </li>
);

/** How far saving is, in words. */
export const SaveWords = ({ tone, children }: { tone: "plain" | "wait" | "late"; children: ReactNode }) => (
  <span className={classes.save} data-tone={tone} role="status">
    {children}
  </span>
);

export const LinesFrame = ({ children }: { children: ReactNode }) => (
  <div className={classes.wizard}>{children}</div>
);

/** One line of the wizard as it was understood. */
export const PreviewLine = ({
  number,
  name,
  facts,
  problem,
}: {
  number: number;
  name: string;
  facts: string;
  problem?: string;
}) => (
  <li className={classes.preview} data-wrong={problem !== undefined}>
    <span className={classes.previewNumber}>{number}</span>
    <span>
      <span className={classes.lineTitle}>{name}</span>
      {facts && <span className={classes.lineAbout}>{facts}</span>}
      {problem && (
        <span className={classes.previewProblem} role="alert">
          {problem}
        </span>
      )}
    </span>
  </li>
);
export const PreviewList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ol className={classes.previews} aria-label={label}>
    {children}
  </ol>
);

/** `whole`: on a page of its own, without a height of its own. */
export const DifferenceList = ({
  label,
  whole,
  children,
}: {
  label: string;
  whole?: boolean;
  children: ReactNode;
}) => (
  <ul className={classes.differences} data-whole={whole ?? false} aria-label={label}>
    {children}
  </ul>
);

/** `mark`: what happened to it, in words; the colour only repeats them. */
export const DifferenceLine = ({
  how,
  mark,
  onGo,
  children,
}: {
  how: "added" | "removed" | "changed" | "moved";
  mark: string;
  /** Leads to it on the drawings. */
  onGo?(): void;
  children: ReactNode;
}) => (
  <li data-how={how}>
    <span className={classes.how}>{mark}</span>
    {onGo ? (
      <button type="button" className={classes.go} onClick={onGo}>
        {children}
      </button>
    ) : (
      <span>{children}</span>
    )}
  </li>
);
