/** How bars over time look: names at the left, days over it, bars and links between. */
import type { CSSProperties, KeyboardEvent, PointerEvent, ReactNode, Ref } from "react";
import type { Tone } from "./block";
import classes from "./gantt.module.css";

export const ganttRow = 32;
export const ganttName = 240;

interface AreaProps {
  ref: Ref<HTMLDivElement>;
  label: string;
  width: number;
  height: number;
  most?: number;
  rows: number;
  described?: string;
  head: ReactNode;
  children: ReactNode;
}

export const GanttArea = (props: AreaProps) => (
  <div
    ref={props.ref}
    className={classes.area}
    style={{ "--gantt-name": `${ganttName}px`, maxHeight: props.most } as CSSProperties}
  >
    <div className={classes.whole} style={{ width: ganttName + props.width }}>
      <div className={classes.head} aria-hidden>
        <div className={classes.corner} />
        {props.head}
      </div>
      <div
        className={classes.body}
        role="treegrid"
        aria-label={props.label}
        aria-rowcount={props.rows}
        aria-describedby={props.described}
        style={{ height: props.height }}
      >
        {props.children}
      </div>
    </div>
  </div>
);

export interface HeadMark {
  x: number;
  width: number;
  label: string;
}

/** Months over days. */
export const GanttHead = ({ upper, lower }: { upper: HeadMark[]; lower: HeadMark[] }) => (
  <div className={classes.scale}>
    {[upper, lower].map((marks, level) => (
      <div key={level} data-level={level}>
        {marks.map(({ x, width, label }) => (
          <span key={x} style={{ left: x, width }}>
            {/* A first or last bit is too narrow for words. */}
            {width >= 28 && label}
          </span>
        ))}
      </div>
    ))}
  </div>
);

interface BackProps {
  width: number;
  height: number;
  off: { x: number; width: number }[];
  today?: number;
  children?: ReactNode;
}

/** Days off, today and the links, under the bars. */
export const GanttBack = ({ width, height, off, today, children }: BackProps) => (
  <svg className={classes.back} width={width} height={height} aria-hidden="true">
    <defs>
      <marker
        id="gantt-arrow"
        viewBox="0 0 6 6"
        refX="5.5"
        refY="3"
        markerWidth="6"
        markerHeight="6"
        orient="auto"
      >
        <path d="M0 0L6 3L0 6Z" className={classes.arrow} />
      </marker>
      <marker
        id="gantt-broken"
        viewBox="0 0 6 6"
        refX="5.5"
        refY="3"
        markerWidth="6"
        markerHeight="6"
        orient="auto"
      >
        <path d="M0 0L6 3L0 6Z" className={classes.arrow} data-broken />
      </marker>
    </defs>
    {off.map(({ x, width: wide }) => (
      <rect key={x} x={x} y={0} width={wide} height={height} className={classes.off} />
    ))}
    {children}
    {today !== undefined && <line x1={today} x2={today} y1={0} y2={height} className={classes.today} />}
  </svg>
);

export const GanttLink = ({
  path,
  broken,
  critical,
}: {
  path: string;
  broken: boolean;
  critical: boolean;
}) => (
  <path
    d={path}
    className={classes.link}
    data-broken={broken}
    data-critical={critical}
    markerEnd={`url(#${broken ? "gantt-broken" : "gantt-arrow"})`}
  />
);

interface LineProps {
  index: number;
  top: number;
  level: number;
  expanded?: boolean;
  name: ReactNode;
  children: ReactNode;
}

export const GanttLine = ({ index, top, level, expanded, name, children }: LineProps) => (
  // biome-ignore lint/a11y/useFocusableInteractive: what is inside takes the focus
  <div
    className={classes.line}
    role="row"
    aria-rowindex={index + 1}
    aria-level={level + 1}
    aria-expanded={expanded}
    style={{ transform: `translateY(${top}px)` }}
  >
    {/* biome-ignore lint/a11y/useFocusableInteractive: what is inside takes the focus */}
    <div className={classes.name} role="rowheader" style={{ paddingLeft: 8 + level * 16 }}>
      {name}
    </div>
    {/* biome-ignore lint/a11y/useFocusableInteractive: what is inside takes the focus */}
    <div className={classes.lane} role="gridcell">
      {children}
    </div>
  </div>
);

export const GanttName = ({ strong, children }: { strong: boolean; children: ReactNode }) => (
  <span className={classes.nameText} data-strong={strong}>
    {children}
  </span>
);

interface BarProps {
  label: string;
  at: string;
  x: number;
  width: number;
  kind: "bar" | "summary" | "milestone";
  tone: Tone;
  progress: number;
  critical: boolean;
  baseline?: { x: number; width: number };
  movable: boolean;
  moving: boolean;
  focusable: boolean;
  text?: string;
  onFocus(): void;
  onKeyDown(event: KeyboardEvent): void;
  onClick(): void;
  onGrip(event: PointerEvent, what: "both" | "start" | "end"): void;
  /** Begins a link at the end of the bar. */
  onPull?: ((event: PointerEvent) => void) | undefined;
}

export function GanttBar(props: BarProps) {
  const { x, width, kind, baseline } = props;
  const size = kind === "milestone" ? { left: x - 8, width: 16 } : { left: x, width };
  return (
    <>
      {baseline && (
        <span className={classes.baseline} style={{ left: baseline.x, width: baseline.width }} aria-hidden />
      )}
      <button
        type="button"
        className={classes.bar}
        data-kind={kind}
        data-tone={props.tone}
        data-critical={props.critical}
        data-moving={props.moving}
        data-movable={props.movable}
        data-at={props.at}
        aria-label={props.label}
        title={props.label}
        tabIndex={props.focusable ? 0 : -1}
        style={size}
        onFocus={props.onFocus}
        onKeyDown={props.onKeyDown}
        onClick={props.onClick}
        onPointerDown={props.movable ? (event) => props.onGrip(event, "both") : undefined}
      >
        {kind === "bar" && props.progress > 0 && (
          <span className={classes.progress} style={{ width: `${props.progress * 100}%` }} />
        )}
        {props.movable && kind === "bar" && (
          <>
            <span
              className={classes.grip}
              data-side="start"
              onPointerDown={(event) => props.onGrip(event, "start")}
            />
            <span
              className={classes.grip}
              data-side="end"
              onPointerDown={(event) => props.onGrip(event, "end")}
            />
          </>
        )}
      </button>
      {props.onPull && (
        <span
          className={classes.pull}
          style={{ left: x + (kind === "milestone" ? 8 : width) }}
          onPointerDown={props.onPull}
          aria-hidden
        />
      )}
      {props.text && (
        <span
          className={classes.beside}
          style={{ left: x + (kind === "milestone" ? 12 : width + 6) }}
          aria-hidden
        >
          {props.text}
        </span>
      )}
    </>
  );
}

interface LinksProps {
  label: string;
  empty: string;
  items: { key: string; text: string; note: string; action: ReactNode }[];
}

/** What a bar waits for, line by line. */
export const GanttLinks = ({ label, empty, items }: LinksProps) =>
  items.length === 0 ? (
    <p className={classes.noLinks}>{empty}</p>
  ) : (
    <ul className={classes.links} aria-label={label}>
      {items.map(({ key, text, note, action }) => (
        <li key={key}>
          <span>
            {text}
            <small>{note}</small>
          </span>
          {action}
        </li>
      ))}
    </ul>
  );

/** On a phone: a line for each, with its days in words and a thin bar of the whole span. */
export const GanttList = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.list} aria-label={label}>
    {children}
  </ul>
);
interface ItemProps {
  level: number;
  title: ReactNode;
  days: string;
  left: number;
  width: number;
  tone: Tone;
  critical: boolean;
  action?: ReactNode;
}
export const GanttItem = (props: ItemProps) => (
  <li style={{ paddingLeft: 12 + props.level * 12 }}>
    <div className={classes.itemHead}>
      <span>{props.title}</span>
      {props.action}
    </div>
    <small>{props.days}</small>
    <div className={classes.track} aria-hidden>
      <span
        data-tone={props.tone}
        data-critical={props.critical}
        style={{ left: `${props.left * 100}%`, width: `${Math.max(props.width * 100, 1)}%` }}
      />
    </div>
  </li>
);
