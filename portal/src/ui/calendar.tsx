/** How a calendar looks: weeks of days with bars, days with hours and boxes, a list by days. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { Tone } from "./block";
import classes from "./calendar.module.css";

export const hourHeight = 44;
const lane = 26;

/** A page that is a calendar. */
export const CalendarArea = ({ children }: { children: ReactNode }) => (
  <div className={classes.area}>{children}</div>
);

export const MonthGrid = ({
  label,
  names,
  children,
}: {
  label: string;
  names: string[];
  children: ReactNode;
}) => (
  <div className={classes.month} role="group" aria-label={label}>
    <div className={classes.names} aria-hidden>
      {names.map((name) => (
        <span key={name}>{name}</span>
      ))}
    </div>
    {children}
  </div>
);

export const WeekRow = ({ lanes, children }: { lanes: number; children: ReactNode }) => (
  <div className={classes.week} style={{ minHeight: 32 + Math.max(2, lanes) * lane }}>
    {children}
  </div>
);

interface DayProps {
  day: string;
  label: string;
  number: string;
  column: number;
  today: boolean;
  outside: boolean;
  off: boolean;
  over: boolean;
  more?: ReactNode;
  onOpen(): void;
  onDragOver(): boolean;
  onDrop(): void;
}

export const DayCell = (props: DayProps) => (
  // biome-ignore lint/a11y/noStaticElementInteractions: a target of drags; the menu of an event does the same
  <div
    className={classes.day}
    data-today={props.today}
    data-outside={props.outside}
    data-off={props.off}
    data-over={props.over}
    style={{ left: `${(props.column / 7) * 100}%` }}
    onDragOver={(event) => props.onDragOver() && event.preventDefault()}
    onDrop={(event) => {
      event.preventDefault();
      props.onDrop();
    }}
  >
    <button
      type="button"
      aria-label={props.label}
      aria-current={props.today ? "date" : undefined}
      onClick={props.onOpen}
    >
      {props.number}
    </button>
    {props.more}
  </div>
);

interface EventProps {
  at: string;
  label: string;
  tone: Tone;
  movable: boolean;
  children: ReactNode;
  onOpen(): void;
  onKeyDown?(event: KeyboardEvent): void;
  onDragStart(): void;
  /** Dropped, or let go where nothing takes it. */
  onDragEnd(): void;
  menu?: ReactNode;
}

interface BarProps extends EventProps {
  column: number;
  span: number;
  lane: number;
  before: boolean;
  after: boolean;
}

export const EventBar = (props: BarProps) => (
  <div
    className={classes.bar}
    data-tone={props.tone}
    data-before={props.before}
    data-after={props.after}
    style={{
      left: `calc(${(props.column / 7) * 100}% + 3px)`,
      width: `calc(${(props.span / 7) * 100}% - 6px)`,
      top: 28 + props.lane * lane,
    }}
  >
    <button
      type="button"
      data-at={props.at}
      title={props.label}
      aria-label={props.label}
      draggable={props.movable}
      onDragStart={props.onDragStart}
      onDragEnd={props.onDragEnd}
      onClick={props.onOpen}
      onKeyDown={props.onKeyDown}
    >
      {props.children}
    </button>
    {props.menu}
  </div>
);

interface HoursProps {
  label: string;
  days: { day: string; label: string; today: boolean; off: boolean; allDay: ReactNode; boxes: ReactNode }[];
  hours: string[];
  now?: { day: string; minutes: number };
  allDayLabel: string;
  onDragOver(): boolean;
  /** Without minutes: on top, where events last the day. */
  onDrop(day: string, minutes?: number): void;
  /** Hours that were dragged over with a mouse where nothing stands, in quarters. */
  onPick?: ((day: string, from: number, to: number) => void) | undefined;
}

/** The minutes of a day under the pointer, to a quarter of an hour. */
const minutesAt = (event: { clientY: number; currentTarget: HTMLElement }) => {
  const top = event.clientY - event.currentTarget.getBoundingClientRect().top;
  return Math.min(1_440, Math.max(0, Math.round((top / hourHeight) * 4) * 15));
};

/** Days beside each other, hours down; the whole-day events on top. */
export const HoursGrid = ({
  label,
  days,
  hours,
  now,
  allDayLabel,
  onDragOver,
  onDrop,
  onPick,
}: HoursProps) => {
  const [picked, setPicked] = useState<{ day: string; from: number; to: number }>();
  const columns = `56px repeat(${days.length}, minmax(0, 1fr))`;
  const area = useRef<HTMLDivElement>(null);
  // The day begins in the morning; what is before it is above.
  useEffect(() => {
    if (area.current) area.current.scrollTop = 7.5 * hourHeight;
  }, []);
  return (
    <div ref={area} className={classes.hours} role="group" aria-label={label}>
      <div className={classes.hoursHead} style={{ gridTemplateColumns: columns }}>
        <span />
        {days.map(({ day, label: name, today }) => (
          <strong key={day} data-today={today} aria-current={today ? "date" : undefined}>
            {name}
          </strong>
        ))}
        <small>{allDayLabel}</small>
        {days.map(({ day, allDay }) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: a target of drags; the menu of an event does the same
          <div
            key={day}
            className={classes.allDay}
            onDragOver={(event) => onDragOver() && event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              onDrop(day);
            }}
          >
            {allDay}
          </div>
        ))}
      </div>
      <div className={classes.hoursBody} style={{ gridTemplateColumns: columns, height: 24 * hourHeight }}>
        <div className={classes.hourNames} aria-hidden>
          {hours.map((name, index) => (
            <span key={name} style={{ top: index * hourHeight }}>
              {name}
            </span>
          ))}
        </div>
        {days.map(({ day, off, boxes }) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: a target of drags; the menu of an event does the same
          <div
            key={day}
            className={classes.dayColumn}
            data-off={off}
            onDragOver={(event) => onDragOver() && event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              onDrop(day, minutesAt(event));
            }}
            onPointerDown={(event) => {
              const empty = event.target === event.currentTarget && event.button === 0;
              if (!onPick || !empty || event.pointerType !== "mouse") return;
              event.currentTarget.setPointerCapture(event.pointerId);
              setPicked({ day, from: minutesAt(event), to: minutesAt(event) });
            }}
            onPointerMove={(event) => {
              const to = minutesAt(event);
              if (picked && picked.to !== to) setPicked({ ...picked, to });
            }}
            onPointerUp={() => {
              setPicked(undefined);
              if (picked && picked.to !== picked.from) {
                onPick?.(picked.day, Math.min(picked.from, picked.to), Math.max(picked.from, picked.to));
              }
            }}
            onPointerCancel={() => setPicked(undefined)}
          >
            {picked?.day === day && (
              <span
                className={classes.picked}
                style={{
                  top: (Math.min(picked.from, picked.to) / 60) * hourHeight,
                  height: (Math.abs(picked.to - picked.from) / 60) * hourHeight,
                }}
              />
            )}
            {now?.day === day && (
              <span className={classes.now} style={{ top: (now.minutes / 60) * hourHeight }} />
            )}
            {boxes}
          </div>
        ))}
      </div>
    </div>
  );
};

interface BoxProps extends EventProps {
  from: number;
  to: number;
  column: number;
  columns: number;
}

export const EventBox = (props: BoxProps) => (
  <div
    className={classes.box}
    data-tone={props.tone}
    style={{
      top: (props.from / 60) * hourHeight,
      height: Math.max(18, ((props.to - props.from) / 60) * hourHeight - 2),
      left: `calc(${(props.column / props.columns) * 100}% + 2px)`,
      width: `calc(${100 / props.columns}% - 4px)`,
    }}
  >
    <button
      type="button"
      data-at={props.at}
      title={props.label}
      aria-label={props.label}
      draggable={props.movable}
      onDragStart={props.onDragStart}
      onDragEnd={props.onDragEnd}
      onClick={props.onOpen}
      onKeyDown={props.onKeyDown}
    >
      {props.children}
    </button>
    {props.menu}
  </div>
);

/** An event that lasts whole days, on top of a day's hours. */
export const EventChip = (props: EventProps) => (
  <div className={classes.chip} data-tone={props.tone}>
    <button
      type="button"
      data-at={props.at}
      title={props.label}
      aria-label={props.label}
      draggable={props.movable}
      onDragStart={props.onDragStart}
      onDragEnd={props.onDragEnd}
      onClick={props.onOpen}
      onKeyDown={props.onKeyDown}
    >
      {props.children}
    </button>
    {props.menu}
  </div>
);

export const Agenda = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.agenda} role="group" aria-label={label}>
    {children}
  </div>
);
export const AgendaDay = ({
  title,
  today,
  children,
}: {
  title: string;
  today: boolean;
  children: ReactNode;
}) => (
  <section aria-label={title}>
    <h3 data-today={today}>{title}</h3>
    <ul>{children}</ul>
  </section>
);
interface AgendaProps {
  time: string;
  title: string;
  tone: Tone;
  toneText?: string;
  action?: ReactNode;
  onOpen?: () => void;
}
export const AgendaEvent = ({ time, title, tone, toneText, action, onOpen }: AgendaProps) => (
  <li data-tone={tone}>
    <small>{time}</small>
    {onOpen ? (
      <button type="button" onClick={onOpen}>
        {title}
      </button>
    ) : (
      <span>{title}</span>
    )}
    {toneText && <small>{toneText}</small>}
    {action}
  </li>
);
