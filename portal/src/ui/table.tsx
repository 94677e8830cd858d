/** How a list looks: sticky head, frozen first column, rows of one height. */
import { IconAlertCircle, IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useRef,
} from "react";
import classes from "./table.module.css";

export const rowLinkClass = classes.rowLink ?? "";

interface GridProps {
  ref: Ref<HTMLDivElement>;
  label: string;
  rows: number;
  columns: number;
  template: string;
  width: number;
  stale: boolean;
  children: ReactNode;
}

export function Grid({ ref, label, rows, columns, template, width, stale, children }: GridProps) {
  const style = { "--columns": `40px ${template} minmax(16px, 1fr)`, "--width": `${width + 56}px` };
  return (
    <div ref={ref} className={classes.scroller} data-stale={stale}>
      <div
        className={classes.grid}
        role="grid"
        aria-label={label}
        aria-rowcount={rows + 1}
        aria-colcount={columns}
        style={style as CSSProperties}
      >
        {children}
      </div>
    </div>
  );
}

export const GridHead = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/useFocusableInteractive: cells take the focus
  <div className={classes.head} role="row" aria-rowindex={1}>
    {children}
  </div>
);

export const GridRows = ({ height, children }: { height: number; children: ReactNode }) => (
  <div className={classes.rows} role="rowgroup" style={{ height }}>
    {children}
  </div>
);

interface RowProps {
  top: number;
  index: number;
  selected: boolean;
  opened: boolean;
  testId: string;
  children: ReactNode;
}

export function GridRow({ top, index, selected, opened, testId, children }: RowProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: cells take the focus
    <div
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-opened={opened}
      data-movable
      data-testid={testId}
      style={{ transform: `translateY(${top}px)` }}
    >
      {children}
    </div>
  );
}

export const SelectCell = ({ head, children }: { head?: boolean; children: ReactNode }) => (
  <div className={classes.select} role={head ? "columnheader" : "gridcell"}>
    {children}
  </div>
);

/** At the end of a line: what can be done with the row. The head's words are only spoken. */
export const EndCell = ({ head, children }: { head?: boolean; children: ReactNode }) => (
  <div className={classes.end} role={head ? "columnheader" : "gridcell"} data-head={head ?? false}>
    {head ? <span>{children}</span> : children}
  </div>
);

interface CellProps {
  at: string;
  testId: string;
  frozen: boolean;
  numeric: boolean;
  focusable: boolean;
  editing: boolean;
  problem?: string;
  onDoubleClick(): void;
  onFocus(): void;
  onKeyDown(event: KeyboardEvent): void;
  children: ReactNode;
}

export function GridCell(props: CellProps) {
  return (
    <div
      className={classes.cell}
      role="gridcell"
      data-at={props.at}
      data-testid={props.testId}
      data-frozen={props.frozen}
      data-numeric={props.numeric}
      data-editing={props.editing}
      data-problem={props.problem !== undefined}
      title={props.problem}
      tabIndex={props.focusable && !props.editing ? 0 : -1}
      onDoubleClick={props.editing ? undefined : props.onDoubleClick}
      onFocus={(event) => event.target === event.currentTarget && props.onFocus()}
      onKeyDown={props.editing ? undefined : props.onKeyDown}
    >
      {props.children}
    </div>
  );
}

export const CellPop = ({ tall, children }: { tall: boolean; children: ReactNode }) => (
  <div className={classes.pop} data-tall={tall}>
    {children}
  </div>
);

interface HeadCellProps {
  ref: Ref<HTMLDivElement>;
  label: string;
  frozen: boolean;
  over: boolean;
  numeric: boolean;
  sorted: "ascending" | "descending" | "none";
  onSort?(): void;
  resizeLabel: string;
  onResize(event: unknown): void;
  onWidth(by: number): void;
}

export function GridHeadCell(props: HeadCellProps) {
  const arrow =
    props.sorted === "none" ? null : props.sorted === "ascending" ? (
      <IconArrowUp size={14} aria-hidden />
    ) : (
      <IconArrowDown size={14} aria-hidden />
    );
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the button inside takes the focus
    <div
      ref={props.ref}
      className={classes.headCell}
      role="columnheader"
      aria-sort={props.sorted}
      data-frozen={props.frozen}
      data-numeric={props.numeric}
      data-over={props.over}
    >
      {props.onSort ? (
        <button
          type="button"
          className={classes.sort}
          onClick={props.onSort}
          title={props.label}
          onKeyDown={(event) => {
            if (event.shiftKey && event.key === "ArrowLeft") props.onWidth(-16);
            if (event.shiftKey && event.key === "ArrowRight") props.onWidth(16);
          }}
        >
          <span>{props.label}</span>
          {arrow}
        </button>
      ) : (
        <span className={classes.sort} title={props.label}>
          <span>{props.label}</span>
        </span>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for the mouse; Shift and arrows on the head do the same */}
      <div
        className={classes.resize}
        title={props.resizeLabel}
        onMouseDown={(event: MouseEvent) => {
          event.preventDefault();
          props.onResize(event);
        }}
        onTouchStart={(event) => props.onResize(event)}
      />
    </div>
  );
}

export const Toolbar = ({ children }: { children: ReactNode }) => (
  <div className={classes.toolbar}>{children}</div>
);
export const ToolbarGap = () => <div className={classes.gap} />;
export const ToolbarText = ({ children, title }: { children: ReactNode; title?: string }) => (
  <span className={classes.summary} title={title} role="status">
    {children}
  </span>
);

interface TabProps {
  active: boolean;
  onClick(): void;
  children: ReactNode;
  action?: ReactNode;
  /** Something in it needs the person; in words. */
  wrong?: string;
}

/** Arrows go from tab to tab, Home and End to the first and the last. */
function walkTabs(event: KeyboardEvent<HTMLElement>) {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-tab]")];
  const at = tabs.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 };
  const next = tabs[places[event.key as keyof typeof places] ?? at];
  if (!next || next === tabs[at]) return;
  event.preventDefault();
  next.focus();
}

export const ViewTabs = ({ label, children }: { label: string; children: ReactNode }) => (
  <nav className={classes.tabs} aria-label={label} onKeyDown={walkTabs}>
    {children}
  </nav>
);

/** The active tab is brought into view where the row of tabs is longer than the screen. */
export function ViewTab({ active, onClick, children, action, wrong }: TabProps) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (active) element.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  return (
    <span ref={element} className={classes.tab} data-active={active}>
      <button type="button" data-tab onClick={onClick} aria-current={active ? "page" : undefined}>
        {children}
        {wrong && <IconAlertCircle className={classes.tabWrong} size={14} role="img" aria-label={wrong} />}
      </button>
      {action}
    </span>
  );
}

export const SelectionArea = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.selection} role="toolbar" aria-label={label}>
    {children}
  </div>
);

export const SelectionCount = ({ children }: { children: ReactNode }) => (
  <span className={classes.selectionCount}>{children}</span>
);

/** Rows as cards, for a phone. */
export const CardRows = ({ ref, children }: { ref: Ref<HTMLDivElement>; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys, also where no row has a link
  <div ref={ref} className={classes.cardRows} tabIndex={0}>
    {children}
  </div>
);

/** Over the cards. */
export const CardsHead = ({ children }: { children: ReactNode }) => (
  <div className={classes.cardsHead}>{children}</div>
);

/** Milliseconds that make a press a long one, and pixels a finger may stray meanwhile. */
const HOLD_MS = 450;
const STRAY = 10;

/** A press that stays calls `onHold`; the click that ends it opens nothing. */
function useHold(onHold: (() => void) | undefined) {
  const press = useRef<{ timer?: ReturnType<typeof setTimeout>; x: number; y: number; held: boolean }>({
    x: 0,
    y: 0,
    held: false,
  });
  const end = () => clearTimeout(press.current.timer);
  useEffect(() => () => clearTimeout(press.current.timer), []);
  return {
    /** Whether the click that comes now only ended a long press. */
    taken() {
      const { held } = press.current;
      press.current.held = false;
      return held;
    },
    handlers: {
      onPointerDown(event: PointerEvent) {
        end();
        press.current = { x: event.clientX, y: event.clientY, held: false };
        if (!onHold || event.button !== 0) return;
        press.current.timer = setTimeout(() => {
          press.current.held = true;
          onHold();
        }, HOLD_MS);
      },
      onPointerMove(event: PointerEvent) {
        const { x, y } = press.current;
        if (Math.hypot(event.clientX - x, event.clientY - y) > STRAY) end();
      },
      onPointerUp: end,
      onPointerCancel: end,
      // The browser's own menu of a link would stand over what was chosen.
      onContextMenu(event: MouseEvent) {
        if (onHold || press.current.held) event.preventDefault();
      },
    },
  };
}

interface CardRowProps {
  testId: string;
  selected: boolean;
  /** Of a long press. */
  onHold?: (() => void) | undefined;
  /** In place of what a press would open. */
  onTap?: (() => void) | undefined;
  mark: ReactNode;
  title: ReactNode;
  top: ReactNode;
  facts: ReactNode[];
}

export function CardRow({ testId, selected, onHold, onTap, mark, title, top, facts }: CardRowProps) {
  const hold = useHold(onHold);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keys the box or the link inside does the same
    <article
      className={classes.cardRow}
      data-movable
      data-testid={testId}
      data-selected={selected}
      {...hold.handlers}
      onClickCapture={(event) => {
        const ended = hold.taken();
        if (!ended && (!onTap || (event.target as HTMLElement).closest("input, label"))) return;
        event.preventDefault();
        event.stopPropagation();
        if (!ended) onTap?.();
      }}
    >
      <div className={classes.cardRowHead}>
        {mark}
        {title}
        {top}
      </div>
      {facts.length > 0 && (
        <div className={classes.cardRowFacts}>
          {facts.map((fact, index) => (
            <span key={index}>{fact}</span>
          ))}
        </div>
      )}
    </article>
  );
}

/** Said on paper alone: what of the list is not on it. */
export const PrintNote = ({ children }: { children: ReactNode }) => (
  <p className={classes.printNote}>{children}</p>
);
