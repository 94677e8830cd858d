/** How the designer looks: the list of steps, the canvas with its palette and tools, how far saving is. */
import { IconAlertTriangle } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode } from "react";
import classes from "./designer.module.css";
import drawn from "./designer-canvas.module.css";

export const designerClasses = { canvas: drawn.canvas ?? "", badge: drawn.badge ?? "" };

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

/** How far saving is, in words. */
export const SaveWords = ({ tone, children }: { tone: "plain" | "wait" | "late"; children: ReactNode }) => (
  <span className={classes.save} data-tone={tone} role="status">
    {children}
  </span>
);
