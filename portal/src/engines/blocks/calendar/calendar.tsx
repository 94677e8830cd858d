/**
 * Events in a month, a week, a day or a list. An event opens by Enter or a click; its menu key or F2 moves it to a day
 * that is typed, where the mouse would drag. On a phone a list.
 */
import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { IconArrowsMove, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButtons, useActions } from "@/engines/blocks/actions";
import { toneOf, useOfRow, usePage, useRowText, useSay } from "@/engines/blocks/context";
import { momentOf, utc, wallOf, weekday } from "@/engines/blocks/days";
import { DaysDialog } from "@/engines/blocks/days-dialog";
import { Gate } from "@/engines/blocks/gate";
import { useSaving } from "@/engines/blocks/save";
import type { CalendarBlock, Tone } from "@/engines/blocks/tree";
import { currentLocale } from "@/i18n";
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
import {
  barsOf,
  boxesOf,
  type CalendarEvent,
  daysOf,
  eventOf,
  type Mode,
  movedTo,
  turn,
  weekdayNames,
} from "./model";

export default function CalendarView({ block }: { block: CalendarBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={420} isEmpty={() => false}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

interface Shared {
  block: CalendarBlock;
  at: string;
  today: string;
  events: CalendarEvent[];
  toneFor(event: CalendarEvent): Tone;
  labelOf(event: CalendarEvent): string;
  open(event: CalendarEvent): void;
  ask(event: CalendarEvent): void;
  keys(event: KeyboardEvent, of: CalendarEvent): void;
  drag: { begin(event: CalendarEvent): void; active(): boolean; drop(day: string, minutes?: number): void };
  show(mode: Mode, day: string): void;
  /** Hours without an event were dragged over. */
  pick: ((day: string, from: number, to: number) => void) | undefined;
}

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" });

const clock = (minutes: number) => format({ hour: "2-digit", minute: "2-digit" }).format(minutes * 60_000);

const dayTitle = (day: string) => format({ weekday: "long", day: "numeric", month: "long" }).format(utc(day));

function Loaded({ block }: { block: CalendarBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const phone = usePhone();
  const actions = useActions();
  const saving = useSaving();
  const ofRow = useOfRow(block.source);
  const data = page.source(block.source);
  const text = useRowText(block.source, data);
  const today = page.setup.today ?? wallOf(page.clock.now()).day;
  const modes = block.modes ?? ["month", "week", "day", "agenda"];
  const [mode, setMode] = useState<Mode>(modes[0] ?? "month");
  const [at, setAt] = useState(today);
  const [asked, setAsked] = useState<CalendarEvent>();
  const dragged = useRef<CalendarEvent>(undefined);
  const rows = data.rows ?? [];
  const events = useMemo(
    () =>
      rows.flatMap((row) => {
        const { fields } = row;
        const end = block.end && fields[block.end];
        return (
          eventOf({
            id: row.id,
            label: text(row, block.label),
            start: String(fields[block.start] ?? ""),
            end: end ? String(end) : undefined,
          }) ?? []
        );
      }),
    [rows, block, text],
  );
  const rowOf = (event: CalendarEvent) => rows.find(({ id }) => id === event.id);
  const move = (event: CalendarEvent, to: { day: string; minutes?: number }) => {
    const row = rowOf(event);
    if (!row || (to.day === event.first && (to.minutes === undefined || to.minutes === event.from))) return;
    const next = movedTo(event, to);
    const patch = {
      [block.start]: next.start,
      ...(block.end && next.end !== undefined ? { [block.end]: next.end } : {}),
    };
    void saving.change(
      block.source,
      row,
      patch,
      t("moved_to", { what: event.label, days: dayTitle(to.day) }),
    );
  };
  const { add } = block;
  const iso = (day: string, minutes: number) => new Date(momentOf({ day, minutes })).toISOString();
  const timeOf = (event: CalendarEvent) =>
    event.allDay ? t("all_day") : `${clock(event.from)}–${clock(event.to % 1_440)}`;
  const shared: Shared = {
    block,
    at,
    today,
    events,
    toneFor(event) {
      const row = block.tone && rowOf(event);
      return row ? toneOf(ofRow(block.tone, row)) : "accent";
    },
    labelOf: (event) =>
      [
        event.label,
        event.first === event.last
          ? dayTitle(event.first)
          : `${dayTitle(event.first)} – ${dayTitle(event.last)}`,
        timeOf(event),
      ].join(", "),
    open: (event) => block.on_open && actions.runOn(block.on_open, block.source, event.id),
    ask: setAsked,
    keys(event, of) {
      if (!block.move) return;
      if (event.key === "F2" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
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
    },
    pick:
      add && ((day, from, to) => actions.run(add, { form: { start: iso(day, from), end: iso(day, to) } })),
    show(next, day) {
      setAt(day);
      if (modes.includes(next)) setMode(next);
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
      {block.move && <Spoken id={`${block.id}-keys`}>{t("calendar_keys")}</Spoken>}
      <BlockBar>
        <Button variant="default" onClick={() => setAt(today)}>
          {t("today")}
        </Button>
        <ActionIcon aria-label={t("earlier")} onClick={() => setAt(turn(shown, at, -1))}>
          <IconChevronLeft size={16} />
        </ActionIcon>
        <ActionIcon aria-label={t("later")} onClick={() => setAt(turn(shown, at, 1))}>
          <IconChevronRight size={16} />
        </ActionIcon>
        <BarTitle>{titles[shown]}</BarTitle>
        <BarGap />
        <ActionButtons actions={add && [add]} target={{ form: { start: null, end: null } }} />
        {!phone && modes.length > 1 && (
          <SegmentedControl
            aria-label={t("mode")}
            value={mode}
            onChange={(value) => setMode(value as Mode)}
            data={modes.map((value) => ({ value, label: t(`mode_${value}`) }))}
          />
        )}
      </BlockBar>
      {shown === "month" ? (
        <Month {...shared} />
      ) : shown === "agenda" ? (
        <List {...shared} timeOf={timeOf} />
      ) : (
        <Hours {...shared} mode={shown} />
      )}
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

function Month(shared: Shared) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const { block, at, today, events, drag } = shared;
  const [over, setOver] = useState<string>();
  const days = daysOf("month", at);
  const weeks = Array.from({ length: days.length / 7 }, (_, index) => days.slice(index * 7, index * 7 + 7));
  return (
    <MonthGrid label={say(block.title) || t("calendar")} names={weekdayNames(currentLocale())}>
      {weeks.map((week) => {
        const bars = barsOf(events, week);
        const most = Math.max(0, ...bars.map(({ lane }) => lane + 1));
        return (
          <WeekRow key={week[0]} lanes={Math.min(most, lanes + 1)}>
            {week.map((day, column) => {
              const hidden = bars.filter(
                (bar) => bar.lane >= lanes && bar.column <= column && bar.column + bar.span > column,
              ).length;
              return (
                <DayCell
                  key={day}
                  day={day}
                  label={dayTitle(day)}
                  number={String(Number(day.slice(8)))}
                  column={column}
                  today={day === today}
                  outside={day.slice(0, 7) !== at.slice(0, 7)}
                  off={weekday(day) > 4}
                  over={over === day}
                  more={
                    hidden > 0 && (
                      <Button
                        variant="subtle"
                        size="compact-xs"
                        style={{ position: "absolute", bottom: 0, left: 2 }}
                        onClick={() => shared.show("day", day)}
                      >
                        {t("more_events", { count: hidden })}
                      </Button>
                    )
                  }
                  onOpen={() => shared.show("day", day)}
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
              .filter(({ lane }) => lane < lanes)
              .map(({ event, ...bar }) => (
                <EventBar
                  key={event.id}
                  {...bar}
                  at={event.id}
                  label={shared.labelOf(event)}
                  tone={shared.toneFor(event)}
                  movable={block.move === true}
                  onOpen={() => shared.open(event)}
                  onKeyDown={(key) => shared.keys(key, event)}
                  onDragStart={() => drag.begin(event)}
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
  const say = useSay();
  const page = usePage();
  const { block, events, drag } = shared;
  const days = daysOf(mode, shared.at);
  const short = format({ weekday: "short", day: "numeric" });
  return (
    <HoursGrid
      label={say(block.title) || t("calendar")}
      allDayLabel={t("all_day")}
      hours={Array.from({ length: 24 }, (_, hour) => clock(hour * 60))}
      now={{ ...wallOf(page.clock.now()), day: shared.today }}
      onDragOver={drag.active}
      onDrop={(day, minutes) => drag.drop(day, minutes)}
      onPick={shared.pick}
      days={days.map((day) => ({
        day,
        label: short.format(utc(day)),
        today: day === shared.today,
        off: weekday(day) > 4,
        allDay: events
          .filter((event) => event.allDay && event.first <= day && event.last >= day)
          .map((event) => (
            <EventChip
              key={event.id}
              at={event.id}
              label={shared.labelOf(event)}
              tone={shared.toneFor(event)}
              movable={false}
              onOpen={() => shared.open(event)}
              onDragStart={() => undefined}
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
            movable={block.move === true}
            onOpen={() => shared.open(event)}
            onKeyDown={(key) => shared.keys(key, event)}
            onDragStart={() => drag.begin(event)}
          >
            <span>{event.label}</span>
            <span>{clock(event.from)}</span>
          </EventBox>
        )),
      }))}
    />
  );
}

function List({ timeOf, ...shared }: Shared & { timeOf(event: CalendarEvent): string }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const { block, events, today } = shared;
  const days = daysOf("agenda", shared.at)
    .map((day) => ({ day, held: events.filter((event) => event.first <= day && event.last >= day) }))
    .filter(({ held }) => held.length > 0);
  if (days.length === 0) return <BlockBox quiet>{say(block.empty) || t("no_events")}</BlockBox>;
  return (
    <Agenda label={say(block.title) || t("calendar")}>
      {days.map(({ day, held }) => (
        <AgendaDay key={day} title={dayTitle(day)} today={day === today}>
          {held.map((event) => (
            <AgendaEvent
              key={event.id}
              time={timeOf(event)}
              title={event.label}
              tone={shared.toneFor(event)}
              onOpen={block.on_open && (() => shared.open(event))}
              action={
                block.move && (
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
