/** The block of a calendar: events of a source, moved by its own writes. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButtons, useActions } from "@/engines/blocks/actions";
import { toneOf, useOfRow, usePage, useRowText, useSay } from "@/engines/blocks/context";
import { momentOf, wallOf } from "@/engines/blocks/days";
import { Gate } from "@/engines/blocks/gate";
import { useSaving } from "@/engines/blocks/save";
import type { CalendarBlock } from "@/engines/blocks/tree";
import { type CalendarEvent, eventOf, type Mode, movedTo } from "@/engines/calendar/model";
import { CalendarView, dayTitle } from "@/engines/calendar/view";

export default function CalendarOfBlock({ block }: { block: CalendarBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={420} isEmpty={() => false}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

function Loaded({ block }: { block: CalendarBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const actions = useActions();
  const saving = useSaving();
  const ofRow = useOfRow(block.source);
  const data = page.source(block.source);
  const text = useRowText(block.source, data);
  const now = wallOf(page.clock.now());
  const today = page.setup.today ?? now.day;
  const modes = block.modes ?? ["month", "week", "day", "agenda"];
  const [mode, setMode] = useState<Mode>(modes[0] ?? "month");
  const [at, setAt] = useState(today);
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
    if (!row) return;
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
  const { add, on_open: open } = block;
  const iso = (day: string, minutes: number) => new Date(momentOf({ day, minutes })).toISOString();
  return (
    <CalendarView
      label={say(block.title) || data.shape?.label_plural || ""}
      empty={say(block.empty)}
      events={events}
      now={{ ...now, day: today }}
      modes={modes}
      mode={mode}
      at={at}
      onShow={(next, day) => {
        setAt(day);
        if (modes.includes(next)) setMode(next);
      }}
      toneFor={(event) => {
        const row = block.tone && rowOf(event);
        return row ? toneOf(ofRow(block.tone, row)) : "accent";
      }}
      onOpen={open && ((event) => actions.runOn(open, block.source, event.id))}
      onMove={block.move ? move : undefined}
      onPick={
        add && ((day, from, to) => actions.run(add, { form: { start: iso(day, from), end: iso(day, to) } }))
      }
      actions={<ActionButtons actions={add && [add]} target={{ form: { start: null, end: null } }} />}
    />
  );
}
