/**
 * Bars over time. Left and right move a bar by a day, with Shift its end; the menu beside a name moves it to days that
 * are typed, so that nothing needs a drag. On a phone a list with the days in words.
 */
import { ActionIcon, Menu, SegmentedControl } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight, IconDots } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions } from "@/engines/blocks/actions";
import { usePage, useRowText, useSay } from "@/engines/blocks/context";
import {
  addDays,
  addMonths,
  daysBetween,
  lastOf,
  startOfMonth,
  startOfWeek,
  utc,
  weekday,
} from "@/engines/blocks/days";
import { DaysDialog } from "@/engines/blocks/days-dialog";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import { useSaving } from "@/engines/blocks/save";
import type { GanttBlock } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import { currentLocale } from "@/i18n";
import { BarGap, BlockBar, Spoken } from "@/ui/block-frame";
import {
  GanttArea,
  GanttBack,
  GanttBar,
  GanttHead,
  GanttLine,
  GanttLink,
  GanttName,
  ganttName,
  ganttRow,
  type HeadMark,
} from "@/ui/gantt";
import { usePhone } from "@/ui/use-phone";
import { usePrinting } from "@/ui/use-printing";
import { AsList } from "./as-list";
import { LinksDialog, mayLink, useLinking, useLinks } from "./links";
import {
  boxOf,
  criticalOf,
  isKept,
  type Line,
  linesOf,
  moved,
  pathOf,
  type Scale,
  scaleOf,
  type Task,
  type Zoom,
} from "./model";
import { daysText, type Shared, spanOf, useTone } from "./shared";

export default function GanttView({ block }: { block: GanttBlock }) {
  const { depends, calendar } = block;
  const sources = [
    block.source,
    ...(depends && "source" in depends ? [depends.source] : []),
    ...(calendar ? [calendar.source] : []),
  ];
  return (
    <Gate block={block} sources={sources} height={320} isEmpty={(data) => data[0]?.rows?.length === 0}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

const day = (value: unknown) => (typeof value === "string" ? value.slice(0, 10) : "");

function taskOf(block: GanttBlock, row: SourceRow, label: string): Task | undefined {
  const { fields } = row;
  const start = day(fields[block.start]) || day(fields[block.end]);
  const end = day(fields[block.end]) || start;
  if (!start) return undefined;
  const parent = block.parent && fields[block.parent];
  const progress = block.progress && Number(fields[block.progress] ?? 0);
  const baseline = block.baseline && {
    start: day(fields[block.baseline.start]),
    end: day(fields[block.baseline.end]),
  };
  return {
    id: row.id,
    label,
    start,
    end: lastOf(start, end),
    parent: parent ? String(parent) : undefined,
    progress: progress ? Math.min(1, Math.max(0, progress > 1 ? progress / 100 : progress)) : 0,
    milestone: block.milestone ? fields[block.milestone] === true : false,
    baseline: baseline?.start && baseline.end ? baseline : undefined,
  };
}

/** Days that are not worked: those of the calendar, else the weekend. */
function useDaysOff({ calendar }: GanttBlock): (day: string) => boolean {
  const page = usePage();
  const rows = calendar && page.source(calendar.source).rows;
  return useMemo(() => {
    const named = new Map(
      (rows ?? []).map(({ fields }) => [
        day(fields[calendar?.day ?? ""]),
        calendar?.off ? fields[calendar.off] === true : true,
      ]),
    );
    return (one) => named.get(one) ?? weekday(one) > 4;
  }, [rows, calendar]);
}

function Loaded({ block }: { block: GanttBlock }) {
  const page = usePage();
  const phone = usePhone();
  const data = page.source(block.source);
  const text = useRowText(block.source, data);
  const rows = data.rows ?? [];
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Task>();
  const saving = useSaving();
  const { t } = useTranslation("blocks");
  const links = useLinks(block, rows);
  const linking = useLinking(block, links);
  const [linked, setLinked] = useState<Task>();
  const isOff = useDaysOff(block);
  const tasks = useMemo(
    () => rows.flatMap((row) => taskOf(block, row, text(row, block.label)) ?? []),
    [block, rows, text],
  );
  const lines = useMemo(() => linesOf(tasks, closed), [tasks, closed]);
  const critical = useMemo(
    () => (block.critical ? criticalOf(leaves(tasks), links, isOff) : new Set<string>()),
    [block.critical, tasks, links, isOff],
  );
  if (tasks.length > most.bars) return <TooLarge size={tasks.length} most={most.bars} />;
  const move = (id: string, to: { start: string; end: string }) => {
    const row = rows.find((one) => one.id === id);
    const task = tasks.find((one) => one.id === id);
    if (!row || !task || (to.start === task.start && to.end === task.end)) return;
    const said = t("moved_to", { what: task.label, days: daysText(to.start, to.end) });
    void saving.change(block.source, row, { [block.start]: to.start, [block.end]: to.end }, said);
  };
  const shared: Shared = {
    block,
    lines,
    links,
    critical,
    closed,
    onToggle: (id) =>
      setClosed((old) =>
        old.has(id) ? new Set([...old].filter((one) => one !== id)) : new Set(old).add(id),
      ),
    isOff,
    onMove: move,
    onAsk: setAsked,
    onLinks: mayLink(block, page) ? setLinked : undefined,
    onLink: (from, to) => void linking.add({ from, to, kind: "FS", lag: 0 }),
  };
  return (
    <>
      {phone ? <AsList {...shared} tasks={tasks} /> : <AsBars {...shared} tasks={tasks} />}
      {asked && (
        <DaysDialog
          title={t("move_what", { what: asked.label })}
          start={asked.start}
          end={asked.end}
          onClose={() => setAsked(undefined)}
          onSave={(to) => move(asked.id, to)}
        />
      )}
      {linked && (
        <LinksDialog
          block={block}
          task={linked}
          tasks={leaves(tasks)}
          links={links}
          linking={linking}
          onClose={() => setLinked(undefined)}
        />
      )}
    </>
  );
}

/** What only sums up others is nobody's to delay. */
const leaves = (tasks: Task[]) => tasks.filter(({ id }) => !tasks.some(({ parent }) => parent === id));

function useBarLabel(critical: ReadonlySet<string>) {
  const { t } = useTranslation("blocks");
  return ({ task, summary }: Line) =>
    [
      task.label,
      daysText(task.start, task.end),
      !summary && task.progress ? `${Math.round(task.progress * 100)} %` : "",
      critical.has(task.id) ? t("critical") : "",
      task.milestone ? t("milestone") : "",
    ]
      .filter(Boolean)
      .join(", ");
}

function headOf(scale: Scale, zoom: Zoom): { upper: HeadMark[]; lower: HeadMark[] } {
  const last = addDays(scale.from, scale.days - 1);
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" });
  const marks = (first: string, next: (day: string) => string, label: Intl.DateTimeFormat): HeadMark[] => {
    const made: HeadMark[] = [];
    for (let at = first; at <= last; at = next(at)) {
      const from = lastOf(at, scale.from);
      const until = next(at) > last ? addDays(last, 1) : next(at);
      made.push({
        x: daysBetween(scale.from, from) * scale.day,
        width: daysBetween(from, until) * scale.day,
        label: label.format(utc(at)),
      });
    }
    return made;
  };
  const month = (at: string) => addMonths(at, 1);
  if (zoom === "month") {
    return {
      upper: marks(`${scale.from.slice(0, 4)}-01-01`, (at) => addMonths(at, 12), format({ year: "numeric" })),
      lower: marks(startOfMonth(scale.from), month, format({ month: "short" })),
    };
  }
  return {
    upper: marks(startOfMonth(scale.from), month, format({ month: "long", year: "numeric" })),
    lower:
      zoom === "week"
        ? marks(startOfWeek(scale.from), (at) => addDays(at, 7), format({ day: "numeric", month: "short" }))
        : marks(scale.from, (at) => addDays(at, 1), format({ day: "numeric" })),
  };
}

function AsBars({
  block,
  lines,
  links,
  critical,
  closed,
  tasks,
  onToggle,
  onMove,
  onAsk,
  onLinks,
  onLink,
  isOff,
}: Shared & { tasks: Task[] }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const page = usePage();
  const actions = useActions();
  const printing = usePrinting();
  const scroller = useRef<HTMLDivElement>(null);
  const barLabel = useBarLabel(critical);
  const tone = useTone(block);
  const today = page.setup.today ?? new Intl.DateTimeFormat("en-CA").format(page.clock.now());
  const [chosen, setZoom] = useState<Zoom>();
  const span = spanOf(tasks);
  const zoom = chosen ?? (span > 200 ? "month" : span > 45 ? "week" : "day");
  const [active, setActive] = useState(0);
  const [drag, setDrag] = useState<{ id: string; what: "both" | "start" | "end"; by: number }>();
  const [pulled, setPulled] = useState<{ from: Task; x: number; y: number }>();
  const dragged = useRef(false);
  const { ref: area, width: room } = useElementSize();
  const scale = useMemo(() => {
    const made = scaleOf(tasks, today, zoom);
    // The time line fills the room there is.
    return { ...made, days: Math.max(made.days, Math.ceil((room - ganttName) / made.day)) };
  }, [tasks, today, zoom, room]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ganttRow,
    overscan: 10,
  });
  const items = printing
    ? lines.map((_, index) => ({ key: index, index, start: index * ganttRow }))
    : virtual.getVirtualItems();
  const place = new Map(lines.map((line, index) => [line.task.id, { line, y: index * ganttRow + 16 }]));
  const head = useMemo(() => headOf(scale, zoom), [scale, zoom]);
  const width = scale.days * scale.day;
  const now = daysBetween(scale.from, today) * scale.day;
  const placed = useRef<Zoom>(undefined);
  useLayoutEffect(() => {
    if (!scroller.current || tasks.length === 0 || room === 0 || placed.current === zoom) return;
    placed.current = zoom;
    // What goes on now stands in sight; a plan that is over or has not begun shows its beginning.
    scroller.current.scrollLeft = now > 0 && now < width ? Math.max(0, now - (room - ganttName) / 3) : 0;
  }, [zoom, now, width, room, tasks.length]);
  const off =
    zoom === "month"
      ? []
      : Array.from({ length: scale.days }, (_, index) => index)
          .filter((index) => isOff(addDays(scale.from, index)))
          .map((index) => ({ x: index * scale.day, width: scale.day }));
  const shown = (task: Task) =>
    drag?.id === task.id ? { ...task, ...moved(task, drag.by, drag.what) } : task;
  const boxOfTask = (task: Task) => {
    const { start, end, milestone } = shown(task);
    const box = boxOf(scale, start, end);
    return milestone ? { x: box.x + scale.day / 2, width: 0 } : box;
  };
  const seen = new Set(items.map(({ index }) => index));
  const drawn = links.flatMap((link) => {
    const [from, to] = [place.get(link.from), place.get(link.to)];
    if (!from || !to) return [];
    const rows = [(from.y - 16) / ganttRow, (to.y - 16) / ganttRow];
    if (!printing && !rows.some((row) => seen.has(row))) return [];
    const path = pathOf(
      link.kind,
      { ...boxOfTask(from.line.task), y: from.y },
      { ...boxOfTask(to.line.task), y: to.y },
    );
    const both = critical.has(link.from) && critical.has(link.to);
    return [
      {
        key: `${link.from} ${link.to} ${link.kind}`,
        path,
        critical: both,
        broken: !isKept(link, from.line.task, to.line.task),
      },
    ];
  });

  const grip = (event: PointerEvent, task: Task, what: "both" | "start" | "end") => {
    if (event.button !== 0) return;
    event.stopPropagation();
    const from = event.clientX;
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    dragged.current = false;
    let by = 0;
    const follow = (next: globalThis.PointerEvent) => {
      by = Math.round((next.clientX - from) / scale.day);
      if (Math.abs(next.clientX - from) > 3) dragged.current = true;
      if (dragged.current) setDrag({ id: task.id, what, by });
    };
    const end = (next: globalThis.PointerEvent) => {
      target.removeEventListener("pointermove", follow);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      setDrag(undefined);
      if (next.type === "pointerup" && by !== 0) onMove(task.id, moved(task, by, what));
    };
    target.addEventListener("pointermove", follow);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  };

  /** From the end of a bar to another: that one waits for this. */
  const pull = (event: PointerEvent, task: Task) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.preventDefault();
    const target = event.currentTarget as HTMLElement;
    const back = target.closest('[role="treegrid"]')?.getBoundingClientRect();
    target.setPointerCapture(event.pointerId);
    // A pull is no click on the bar.
    dragged.current = true;
    const follow = (next: globalThis.PointerEvent) =>
      back && setPulled({ from: task, x: next.clientX - back.left - ganttName, y: next.clientY - back.top });
    const end = (next: globalThis.PointerEvent) => {
      target.removeEventListener("pointermove", follow);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      setPulled(undefined);
      if (next.type !== "pointerup") return;
      const under = document.elementFromPoint(next.clientX, next.clientY)?.closest("[data-at]");
      const to = under && lines[Number(under.getAttribute("data-at"))];
      if (to && !to.summary) onLink(task.id, to.task.id);
    };
    target.addEventListener("pointermove", follow);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  };

  const keys = (event: KeyboardEvent, index: number, line: Line) => {
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const to = Math.max(0, Math.min(lines.length - 1, next));
      setActive(to);
      virtual.scrollToIndex(to);
      setTimeout(() => scroller.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus(), 16);
      return;
    }
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    if (line.summary) {
      if (closed.has(line.task.id) === by > 0) onToggle(line.task.id);
    } else if (block.move) onMove(line.task.id, moved(line.task, by, event.shiftKey ? "end" : "both"));
  };

  return (
    <>
      <Spoken id={`${block.id}-keys`}>{t(block.move ? "gantt_keys" : "gantt_keys_still")}</Spoken>
      <BlockBar>
        {block.critical && <Hints />}
        <BarGap />
        <SegmentedControl
          aria-label={t("zoom")}
          value={zoom}
          onChange={(value) => setZoom(value as Zoom)}
          data={[
            { value: "day", label: t("zoom_day") },
            { value: "week", label: t("zoom_week") },
            { value: "month", label: t("zoom_month") },
          ]}
        />
      </BlockBar>
      <div ref={area} />
      <GanttArea
        ref={scroller}
        label={say(block.title) || t("gantt")}
        described={`${block.id}-keys`}
        width={width}
        height={virtual.getTotalSize()}
        most={block.height ?? 520}
        rows={lines.length}
        head={<GanttHead {...head} />}
      >
        <GanttBack
          width={width}
          height={virtual.getTotalSize()}
          off={off}
          today={daysBetween(scale.from, today) * scale.day + scale.day / 2}
        >
          {drawn.map(({ key, ...link }) => (
            <GanttLink key={key} {...link} />
          ))}
          {pulled && place.get(pulled.from.id) && (
            <GanttLink
              critical
              broken={false}
              path={`M${boxOfTask(pulled.from).x + boxOfTask(pulled.from).width} ${place.get(pulled.from.id)?.y}L${pulled.x} ${pulled.y}`}
            />
          )}
        </GanttBack>
        {items.map((item) => {
          const line = lines[item.index];
          if (!line) return null;
          const { task, depth, summary } = line;
          const box = boxOfTask(task);
          const movable = block.move === true && !summary;
          const old = task.baseline && boxOf(scale, task.baseline.start, task.baseline.end);
          return (
            <GanttLine
              key={task.id}
              index={item.index}
              top={item.start}
              level={depth}
              expanded={summary ? !closed.has(task.id) : undefined}
              name={
                <LineName
                  line={line}
                  closed={closed.has(task.id)}
                  movable={movable}
                  onToggle={() => onToggle(task.id)}
                  onAsk={() => onAsk(task)}
                  onLinks={summary ? undefined : onLinks && (() => onLinks(task))}
                />
              }
            >
              <GanttBar
                label={barLabel({ ...line, task: shown(task) })}
                at={String(item.index)}
                x={box.x}
                width={box.width}
                kind={task.milestone ? "milestone" : summary ? "summary" : "bar"}
                tone={tone(task.id)}
                progress={task.progress ?? 0}
                critical={critical.has(task.id) && !summary}
                baseline={old}
                movable={movable}
                moving={drag?.id === task.id}
                focusable={active === item.index}
                text={task.milestone ? task.label : undefined}
                onFocus={() => setActive(item.index)}
                onKeyDown={(event) => keys(event, item.index, line)}
                onClick={() => {
                  if (dragged.current) dragged.current = false;
                  else if (block.on_open) actions.runOn(block.on_open, block.source, task.id);
                }}
                onGrip={(event, what) => grip(event, task, what)}
                onPull={summary || !onLinks ? undefined : (event) => pull(event, task)}
              />
            </GanttLine>
          );
        })}
      </GanttArea>
    </>
  );
}

function Hints() {
  const { t } = useTranslation("blocks");
  return <small>{t("critical_hint")}</small>;
}

interface NameProps {
  line: Line;
  closed: boolean;
  movable: boolean;
  onToggle(): void;
  onAsk(): void;
  onLinks?: (() => void) | undefined;
}

function LineName({ line, closed, movable, onToggle, onAsk, onLinks }: NameProps) {
  const { t } = useTranslation("blocks");
  const { task, summary } = line;
  return (
    <>
      {summary && (
        <ActionIcon
          size={20}
          aria-label={t(closed ? "open_what" : "close_what", { what: task.label })}
          onClick={onToggle}
        >
          {closed ? <IconChevronRight size={14} /> : <IconChevronDown size={14} />}
        </ActionIcon>
      )}
      <GanttName strong={summary}>{task.label}</GanttName>
      {(movable || onLinks) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={20} aria-label={t("actions_of", { what: task.label })}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {movable && <Menu.Item onClick={onAsk}>{t("move_days")}</Menu.Item>}
            {onLinks && <Menu.Item onClick={onLinks}>{t("links")}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
