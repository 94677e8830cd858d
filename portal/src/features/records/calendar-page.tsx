/** `/records/{entity}/calendar`: records by one of their dates, moved to another day by the mouse, keys or a dialog. */
import { Button, Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useEntity } from "@/api/session";
import type { Entity, Field, RecordData, Value } from "@/api/types";
import { momentOf, wallOf } from "@/engines/blocks/days";
import { type CalendarEvent, daysOf, eventOf, type Mode, movedTo } from "@/engines/calendar/model";
import { CalendarView, dayTitle } from "@/engines/calendar/view";
import { stageOf, titleOf } from "@/engines/fields/text";
import { FilterBar } from "@/engines/filters/filter-bar";
import { SlotButtons } from "@/engines/slots";
import { openCreate } from "@/state/creating";
import type { Tone } from "@/ui/block";
import { CalendarArea } from "@/ui/calendar";
import { NotFound } from "@/ui/not-found";
import { EmptyState, ErrorState } from "@/ui/states";
import { Toolbar, ToolbarGap, ToolbarText } from "@/ui/table";
import { toast, toastError } from "@/ui/toast";
import { usePhone } from "@/ui/use-phone";
import { dateFields, moves } from "./dates";
import { RecordsHeader, useRecordsSearch } from "./header";
import { RecordPanel, usePanelAhead } from "./lazy-panel";
import { PrintedFilter } from "./printed-filter";
import { useRecordsSource } from "./source";
import { useDated } from "./use-dated";
import { Views } from "./views";

const route = getRouteApi("/shell/records/$entity/calendar");

export default function CalendarPage() {
  const { t } = useTranslation("board");
  const { entity: key } = route.useParams();
  const search = route.useSearch();
  const entity = useEntity(key);
  if (!entity) return <NotFound />;
  const fields = dateFields(entity);
  const field = fields.find((one) => one.key === search.date) ?? fields[0];
  if (!field) {
    return (
      <EmptyState
        title={t("no_calendar_title")}
        action={
          <Button component={Link} to={`/records/${key}/list`}>
            {t("to_list")}
          </Button>
        }
      >
        {t("no_calendar")}
      </EmptyState>
    );
  }
  return <RecordsCalendar key={entity.key} entity={entity} field={field} fields={fields} />;
}

/** A day of dates alone has no hours. */
const modesOf = (field: Field): Mode[] =>
  field.type === "date" ? ["month", "week", "agenda"] : ["month", "week", "day", "agenda"];

const tones: Record<string, Tone> = { won: "ok", lost: "plain" };

interface Props {
  entity: Entity;
  field: Field;
  fields: Field[];
}

function RecordsCalendar({ entity, field, fields }: Props) {
  const { t } = useTranslation(["board", "common", "fields"]);
  usePanelAhead();
  const [search, setSearch] = useRecordsSearch();
  const phone = usePhone();
  const source = useRecordsSource(entity);
  const now = wallOf(Date.now());
  const modes = modesOf(field);
  const mode = search.mode && modes.includes(search.mode) ? search.mode : "month";
  const at = search.at ?? now.day;
  const dated = useDated(source, {
    field,
    days: daysOf(phone ? "agenda" : mode, at),
    filter: search.filter,
    q: search.q,
  });
  const { records, total } = dated;
  const untitled = t("fields:untitled");
  const events = useMemo(
    () =>
      records.flatMap((record) => {
        const value = record.fields[field.key];
        if (typeof value !== "string" || record.fields.deleted_at) return [];
        return (
          eventOf({ id: record.id, label: titleOf(entity, record.fields, untitled), start: value }) ?? []
        );
      }),
    [records, entity, field.key, untitled],
  );
  useEffect(() => localStorage.setItem(`verstak.mode.${entity.key}`, "calendar"), [entity.key]);
  const recordOf = ({ id }: CalendarEvent) => records.find((record) => record.id === id);
  const change = useChange(entity, field, source.save);
  const create = entity.actions.create && moves(entity, field) && field.type === "datetime";
  return (
    <>
      <RecordsHeader entity={entity} mode="calendar" />
      <Views entity={entity} kind="calendar" />
      <Toolbar>
        <FilterBar entity={entity} filter={search.filter} onChange={(filter) => setSearch({ filter })} />
        <ToolbarGap />
        <SlotButtons slot={`list.${entity.key}.toolbar`} subject={{ entity: entity.key }} />
        {total !== undefined && (
          <ToolbarText>
            {total > records.length && !dated.stale
              ? t("board:calendar_part", { shown: records.length, total })
              : t("common:records", { count: total })}
          </ToolbarText>
        )}
        <Select
          size="xs"
          w={phone ? 120 : 170}
          aria-label={t("board:by_date")}
          allowDeselect={false}
          data={fields.map(({ key, label }) => ({ value: key, label }))}
          value={field.key}
          onChange={(date) => date && setSearch({ date })}
        />
      </Toolbar>
      <PrintedFilter entity={entity} filter={search.filter} q={search.q} />
      <CalendarArea>
        {dated.error && records.length === 0 && <ErrorState error={dated.error} retry={dated.retry} />}
        <CalendarView
          label={entity.label_plural}
          events={events}
          now={now}
          modes={modes}
          mode={mode}
          at={at}
          daysOnly={field.type === "date"}
          onShow={(next, day) => {
            const there = modes.includes(next) ? next : "week";
            setSearch(
              { mode: there === "month" ? undefined : there, at: day === now.day ? undefined : day },
              true,
            );
          }}
          toneFor={(event) => {
            const stage = recordOf(event)?.fields.stage;
            return tones[stageOf(entity, stage)?.semantic ?? ""] ?? "accent";
          }}
          onOpen={({ id }) => setSearch({ record: id })}
          onMove={
            moves(entity, field)
              ? (event, to) => {
                  const record = recordOf(event);
                  if (record) void change(record, movedTo(event, to).start);
                }
              : undefined
          }
          onPick={
            create
              ? (day, minutes) =>
                  openCreate(entity.key, { [field.key]: new Date(momentOf({ day, minutes })).toISOString() })
              : undefined
          }
        />
      </CalendarArea>
      {search.record && (
        <RecordPanel entity={entity} id={search.record} siblings={() => events.map(({ id }) => id)} />
      )}
    </>
  );
}

/** Another day or time, by the road of every change; a press takes it back, a refusal puts it back and says why. */
function useChange(
  entity: Entity,
  field: Field,
  save: (base: RecordData, patch: Record<string, Value>) => Promise<RecordData>,
) {
  const { t } = useTranslation(["blocks", "common", "fields"]);
  const change = async (record: RecordData, value: Value): Promise<void> => {
    const what = titleOf(entity, record.fields, t("fields:untitled"));
    const before = record.fields[field.key];
    try {
      const saved = await save(record, { [field.key]: value });
      const day = eventOf({ id: record.id, label: what, start: String(value) })?.first;
      toast({
        message: t("blocks:moved_to", { what, days: day ? dayTitle(day) : "" }),
        action: { label: t("common:undo"), run: () => void change(saved, before) },
      });
    } catch (error) {
      toastError(error, what);
    }
  };
  return change;
}
