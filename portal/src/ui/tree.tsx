/** How things above and below one another look: lines of an outline, cards of a mind map or an org chart. */
import type { KeyboardEvent, ReactNode, Ref } from "react";
import classes from "./tree.module.css";

export const outlineRow = 32;

interface OutlineProps {
  ref: Ref<HTMLDivElement>;
  label: string;
  height: number;
  most?: number;
  described?: string;
  children: ReactNode;
}

export const Outline = ({ ref, label, height, most, described, children }: OutlineProps) => (
  <div ref={ref} className={classes.outline} style={{ maxHeight: most }}>
    <div
      className={classes.lines}
      role="treegrid"
      aria-label={label}
      aria-describedby={described}
      style={{ height }}
    >
      {children}
    </div>
  </div>
);

interface LineProps {
  at: string;
  top: number;
  level: number;
  position: number;
  siblings: number;
  expanded?: boolean;
  checked?: boolean;
  over: boolean;
  focusable: boolean;
  draggable: boolean;
  onFocus(): void;
  onKeyDown(event: KeyboardEvent): void;
  onDragStart?(): void;
  onDragOver?(): boolean;
  onDrop?(): void;
  children: ReactNode;
}

export const OutlineLine = (props: LineProps) => (
  <div
    className={classes.line}
    role="row"
    data-at={props.at}
    data-over={props.over}
    aria-level={props.level + 1}
    aria-posinset={props.position + 1}
    aria-setsize={props.siblings}
    aria-expanded={props.expanded}
    tabIndex={props.focusable ? 0 : -1}
    draggable={props.draggable}
    style={{ transform: `translateY(${props.top}px)`, paddingLeft: 8 + props.level * 20 }}
    onFocus={(event) => event.target === event.currentTarget && props.onFocus()}
    onKeyDown={(event) => event.target === event.currentTarget && props.onKeyDown(event)}
    onDragStart={props.onDragStart}
    onDragOver={(event) => {
      if (props.onDragOver?.()) event.preventDefault();
    }}
    onDrop={(event) => {
      event.preventDefault();
      props.onDrop?.();
    }}
  >
    {/* biome-ignore lint/a11y/useFocusableInteractive: the row takes the focus */}
    <div className={classes.cell} role="gridcell">
      {props.children}
    </div>
  </div>
);

/** Where others have the button that opens them. */
export const OutlineGap = () => <span className={classes.gap} />;

export const OutlineText = ({
  strong,
  done,
  facts,
  children,
}: {
  strong?: boolean;
  done?: boolean;
  facts: string[];
  children: ReactNode;
}) => (
  <>
    <span className={classes.text} data-strong={strong ?? false} data-done={done ?? false}>
      {children}
    </span>
    {facts.filter(Boolean).map((fact, index) => (
      <small key={index} className={classes.fact}>
        {fact}
      </small>
    ))}
  </>
);

interface MapProps {
  label: string;
  width: number;
  height: number;
  most?: number;
  scale: number;
  lines: string[];
  children: ReactNode;
}

/** Cards at their places, lines between. */
export const MapArea = ({ label, width, height, most, scale, lines, children }: MapProps) => (
  <div className={classes.map} style={{ maxHeight: most }}>
    <div className={classes.mapBox} style={{ width: width * scale + 48, height: height * scale + 48 }}>
      <div
        className={classes.mapInner}
        role="tree"
        aria-label={label}
        style={{ transform: `scale(${scale})` }}
      >
        <svg width={width} height={height} aria-hidden="true">
          {lines.map((path) => (
            <path key={path} d={path} className={classes.edge} />
          ))}
        </svg>
        {children}
      </div>
    </div>
  </div>
);

interface CardProps {
  at: string;
  x: number;
  y: number;
  width: number;
  height: number;
  level: number;
  root: boolean;
  expanded?: boolean;
  focusable: boolean;
  over: boolean;
  draggable: boolean;
  label: string;
  onFocus(): void;
  onKeyDown(event: KeyboardEvent): void;
  onDragStart?(): void;
  onDragOver?(): boolean;
  onDrop?(): void;
  children: ReactNode;
}

export const MapCard = (props: CardProps) => (
  <div
    className={classes.card}
    role="treeitem"
    data-at={props.at}
    data-root={props.root}
    data-over={props.over}
    aria-label={props.label}
    aria-level={props.level + 1}
    aria-expanded={props.expanded}
    aria-selected={false}
    tabIndex={props.focusable ? 0 : -1}
    draggable={props.draggable}
    style={{ left: props.x, top: props.y, width: props.width, height: props.height }}
    onFocus={(event) => event.target === event.currentTarget && props.onFocus()}
    onKeyDown={(event) => event.target === event.currentTarget && props.onKeyDown(event)}
    onDragStart={props.onDragStart}
    onDragOver={(event) => {
      if (props.onDragOver?.()) event.preventDefault();
    }}
    onDrop={(event) => {
      event.preventDefault();
      props.onDrop?.();
    }}
  >
    {props.children}
  </div>
);

export const CardText = ({ title, facts }: { title: string; facts: string[] }) => (
  <span className={classes.cardText}>
    <strong>{title}</strong>
    {facts.filter(Boolean).map((fact, index) => (
      <small key={index}>{fact}</small>
    ))}
  </span>
);
