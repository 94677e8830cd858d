/**
 * Events in a month, a week, a day or a list; whose they are and how they are saved is the caller's. An event opens by
 * Enter or a click; its menu key or F2 moves it to a day that is typed, Alt and arrows by a day or a week, where the mouse
 * would drag. On a phone a list.
 */
import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { IconArrowsMove, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { addDays, utc, type Wall, weekday } from "@/engines/blocks/days";
import { DaysDialog } from "@/engines/blocks/days-dialog";
import { currentLocale } from "@/i18n";
import type { Tone } from "@/ui/block";
import { BarGap, BarTitle, BlockBar, BlockBox, Spoken } from "@/ui/block-frame";
import {
  Agenda,
  AgendaDay,
  AgendaEvent,
  DayCell,
  EventBar,
  EventBox,
  EventChip,
  HoursGrid,
  MonthGrid,
  WeekRow,
} from "@/ui/calendar";
import { usePhone } from "@/ui/use-phone";
import { barsOf, boxesOf, type CalendarEvent, daysOf, type Mode, turn, weekdayNames } from "./model";

export interface CalendarProps {
  /** What it is called for those who do not see it. */
  label: string;
  /** Said where a list has nothing. */
  empty?: string;
  events: CalendarEvent[];
  /** What the wall shows now. */
  now: Wall;
  modes: Mode[];
  mode: Mode;
  /** The day that it is open at. */
  at: string;
  /** Another day, or its hours: what of the modes there is, the caller knows. */
  onShow(mode: Mode, at: string): void;
  toneFor(event: CalendarEvent): Tone;
  onOpen?: ((event: CalendarEvent) => void) | undefined;
  /** To a day, and a time of it; without it nothing moves. */
  onMove?: ((event: CalendarEvent, to: { day: string; minutes?: number }) => void) | undefined;
  /** Hours without an event were dragged over. */
  onPick?: ((day: string, from: number, to: number) => void) | undefined;
  /** Days alone: a week has no hours. */
  daysOnly?: boolean;
  /** At the right of its bar. */
  actions?: ReactNode;
}

interface Shared extends CalendarProps {
  labelOf(event: CalendarEvent): string;
  timeOf(event: CalendarEvent): string;
  open(event: CalendarEvent): void;
  ask(event: CalendarEvent): void;
  keys(event: KeyboardEvent, of: CalendarEvent): void;
  drag: {
    begin(event: CalendarEvent): void;
    active(): boolean;
    drop(day: string, minutes?: number): void;
    end(): void;
  };
}

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" });

const clock = (minutes: number) => format({ hour: "2-digit", minute: "2-digit" }).format(minutes * 60_000);

export const dayTitle = (day: string) =>
  format({ weekday: "long", day: "numeric", month: "long" }).format(utc(day));

/** How far an arrow with Alt moves, in days. */
const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function CalendarView(props: CalendarProps) {
  const { t } = useTranslation("blocks");
  const phone = usePhone();
  const [asked, setAsked] = useState<CalendarEvent>();
  const dragged = useRef<CalendarEvent>(undefined);
  const { mode, modes, at, now, onShow, onOpen, onMove } = props;
  const timeOf = (event: CalendarEvent) => {
    if (event.allDay) return t("all_day");
    // What only begins is drawn half an hour long, and does not say so.
    return event.end ? `${clock(event.from)}–${clock(event.to % 1_440)}` : clock(event.from);
  };
  const move = (event: CalendarEvent, to: { day: string; minutes?: number }) => {
    const still = event.allDay || to.minutes === undefined || to.minutes === event.from;
    if (to.day !== event.first || !still) onMove?.(event, event.allDay ? { day: to.day } : to);
  };
  const shared: Shared = {
    ...props,
    timeOf,
    labelOf: (event) =>
      [
        event.label,
        event.first === event.last
          ? dayTitle(event.first)
          : `${dayTitle(event.first)} – ${dayTitle(event.last)}`,
        timeOf(event),
      ].join(", "),
    open: (event) => onOpen?.(event),
    ask: setAsked,
    keys(event, of) {
      if (!onMove) return;
      const step = event.altKey ? steps[event.key] : undefined;
      if (step !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        move(of, { day: addDays(of.first, step) });
        // It is drawn anew where it stands now: the focus goes with it.
        setTimeout(
          () => document.querySelector<HTMLElement>(`[data-at="${CSS.escape(of.id)}"]`)?.focus(),
          50,
        );
      } else if (
        event.key === "F2" ||
        event.key === "ContextMenu" ||
        (event.key === "F10" && event.shiftKey)
      ) {
        event.preventDefault();
        setAsked(of);
      }
    },
    drag: {
      begin: (event) => {
        dragged.current = event;
      },
      active: () => dragged.current !== undefined,
      drop(day, minutes) {
        if (dragged.current) move(dragged.current, { day, minutes });
        dragged.current = undefined;
      },
      end: () => {
        dragged.current = undefined;
      },
    },
  };
  const shown = phone ? "agenda" : mode;
  const titles: Record<Mode, string> = {
    month: format({ month: "long", year: "numeric" }).format(utc(at)),
    agenda: format({ month: "long", year: "numeric" }).format(utc(at)),
    week: weekTitle(daysOf("week", at)),
    day: dayTitle(at),
  };
  return (
    <>
      {onMove && <Spoken>{t("calendar_keys")}</Spoken>}
      <BlockBar>
        <Button variant="default" onClick={() => onShow(mode, now.day)}>
          {t("today")}
        </Button>
        <ActionIcon aria-label={t("earlier")} onClick={() => onShow(mode, turn(shown, at, -1))}>
          <IconChevronLeft size={16} />
        </ActionIcon>
        <ActionIcon aria-label={t("later")} onClick={() => onShow(mode, turn(shown, at, 1))}>
          <IconChevronRight size={16} />
        </ActionIcon>
        <BarTitle>{titles[shown]}</BarTitle>
        <BarGap />
        {props.actions}
        {!phone && modes.length > 1 && (
          <SegmentedControl
            aria-label={t("mode")}
            value={mode}
            onChange={(value) => onShow(value as Mode, at)}
            data={modes.map((value) => ({ value, label: t(`mode_${value}`) }))}
          />
        )}
      </BlockBar>
      {shown === "agenda" && <List {...shared} />}
      {shown === "month" && <Weeks {...shared} days={daysOf("month", at)} lanes={lanes} />}
      {(shown === "week" || shown === "day") &&
        (props.daysOnly ? (
          <Weeks {...shared} days={daysOf("week", at)} lanes={allLanes} />
        ) : (
          <Hours {...shared} mode={shown} />
        ))}
      {asked && (
        <DaysDialog
          title={t("move_what", { what: asked.label })}
          start={asked.first}
          onClose={() => setAsked(undefined)}
          onSave={({ start }) => move(asked, { day: start })}
        />
      )}
    </>
  );
}

function weekTitle(days: string[]): string {
  const [first = "", last = ""] = [days[0], days[days.length - 1]];
  return format({ day: "numeric", month: "long", year: "numeric" }).formatRange(utc(first), utc(last));
}

/** As many lanes as a day of a month shows before it says how many more there are. */
const lanes = 4;
/** Those of a week alone. */
const allLanes = 100;

function Weeks({ days, lanes: most, ...shared }: Shared & { days: string[]; lanes: number }) {
  const { t } = useTranslation("blocks");
  const { at, now, events, drag } = shared;
  const [over, setOver] = useState<string>();
  const weeks = Array.from({ length: days.length / 7 }, (_, index) => days.slice(index * 7, index * 7 + 7));
  return (
    <MonthGrid label={shared.label || t("calendar")} names={weekdayNames(currentLocale())}>
      {weeks.map((week) => {
        const bars = barsOf(events, week);
        const used = Math.max(0, ...bars.map(({ lane }) => lane + 1));
        return (
          <WeekRow key={week[0]} lanes={Math.min(used, most + 1)}>
            {week.map((day, column) => {
              const hidden = bars.filter(
                (bar) => bar.lane >= most && bar.column <= column && bar.column + bar.span > column,
              ).length;
              return (
                <DayCell
                  key={day}
                  day={day}
                  label={dayTitle(day)}
                  number={String(Number(day.slice(8)))}
                  column={column}
                  today={day === now.day}
                  outside={days.length > 7 && day.slice(0, 7) !== at.slice(0, 7)}
                  off={weekday(day) > 4}
                  over={over === day}
                  more={
                    hidden > 0 && (
                      <Button
                        variant="subtle"
                        size="compact-xs"
                        style={{ position: "absolute", bottom: 0, left: 2 }}
                        onClick={() => shared.onShow("day", day)}
                      >
                        {t("more_events", { count: hidden })}
                      </Button>
                    )
                  }
                  onOpen={() => shared.onShow("day", day)}
                  onDragOver={() => {
                    if (drag.active()) setOver(day);
                    return drag.active();
                  }}
                  onDrop={() => {
                    setOver(undefined);
                    drag.drop(day);
                  }}
                />
              );
            })}
            {bars
              .filter(({ lane }) => lane < most)
              .map(({ event, ...bar }) => (
                <EventBar
                  key={event.id}
                  {...bar}
                  at={event.id}
                  label={shared.labelOf(event)}
                  tone={shared.toneFor(event)}
                  movable={shared.onMove !== undefined}
                  onOpen={() => shared.open(event)}
                  onKeyDown={(key) => shared.keys(key, event)}
                  onDragStart={() => drag.begin(event)}
                  onDragEnd={() => {
                    setOver(undefined);
                    drag.end();
                  }}
                >
                  {event.allDay ? event.label : `${clock(event.from)} ${event.label}`}
                </EventBar>
              ))}
          </WeekRow>
        );
      })}
    </MonthGrid>
  );
}

function Hours({ mode, ...shared }: Shared & { mode: "week" | "day" }) {
  const { t } = useTranslation("blocks");
  const { events, drag } = shared;
  const days = daysOf(mode, shared.at);
  const short = format({ weekday: "short", day: "numeric" });
  return (
    <HoursGrid
      label={shared.label || t("calendar")}
      allDayLabel={t("all_day")}
      hours={Array.from({ length: 24 }, (_, hour) => clock(hour * 60))}
      now={shared.now}
      onDragOver={drag.active}
      onDrop={drag.drop}
      onPick={shared.onPick}
      days={days.map((day) => ({
        day,
        label: short.format(utc(day)),
        today: day === shared.now.day,
        off: weekday(day) > 4,
        allDay: events
          .filter((event) => event.allDay && event.first <= day && event.last >= day)
          .map((event) => (
            <EventChip
              key={event.id}
              at={event.id}
              label={shared.labelOf(event)}
              tone={shared.toneFor(event)}
              movable={shared.onMove !== undefined}
              onOpen={() => shared.open(event)}
              onKeyDown={(key) => shared.keys(key, event)}
              onDragStart={() => drag.begin(event)}
              onDragEnd={drag.end}
            >
              {event.label}
            </EventChip>
          )),
        boxes: boxesOf(events, day).map(({ event, ...box }) => (
          <EventBox
            key={event.id}
            {...box}
            at={event.id}
            label={shared.labelOf(event)}
            tone={shared.toneFor(event)}
            movable={shared.onMove !== undefined}
            onOpen={() => shared.open(event)}
            onKeyDown={(key) => shared.keys(key, event)}
            onDragStart={() => drag.begin(event)}
            onDragEnd={drag.end}
          >
            <span>{event.label}</span>
            <span>{clock(event.from)}</span>
          </EventBox>
        )),
      }))}
    />
  );
}

function List(shared: Shared) {
  const { t } = useTranslation("blocks");
  const { events, now } = shared;
  const days = daysOf("agenda", shared.at)
    .map((day) => ({ day, held: events.filter((event) => event.first <= day && event.last >= day) }))
    .filter(({ held }) => held.length > 0);
  if (days.length === 0) return <BlockBox quiet>{shared.empty || t("no_events")}</BlockBox>;
  return (
    <Agenda label={shared.label || t("calendar")}>
      {days.map(({ day, held }) => (
        <AgendaDay key={day} title={dayTitle(day)} today={day === now.day}>
          {held.map((event) => (
            <AgendaEvent
              key={event.id}
              time={shared.timeOf(event)}
              title={event.label}
              tone={shared.toneFor(event)}
              onOpen={shared.onOpen && (() => shared.open(event))}
              action={
                shared.onMove && (
                  <ActionIcon
                    aria-label={t("move_what", { what: event.label })}
                    onClick={() => shared.ask(event)}
                  >
                    <IconArrowsMove size={16} />
                  </ActionIcon>
                )
              }
            />
          ))}
        </AgendaDay>
      ))}
    </Agenda>
  );
}
