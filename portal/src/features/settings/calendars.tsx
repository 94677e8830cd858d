/** Working calendars: when the company, a department or a person works, and the holidays of a year. */
import { ActionIcon, Button, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { calendarQuery, previewCalendar, saveCalendar } from "@/api/calendars";
import { departmentTreeQuery, usersQuery } from "@/api/people";
import { useMe } from "@/api/session";
import type { Body, Calendar } from "@/api/types";
import { dropDraft, keepDraft, readDraft as readKept } from "@/engines/drafts";
import { withMessageTexts } from "@/i18n";
import { formatNumber } from "@/i18n/format";
import { Buttons, Hint, Pair } from "@/ui/block";
import { CalendarDayRow, WeekRow } from "@/ui/calendar-form";
import { FormNote } from "@/ui/form";
import { generalRefusal } from "@/ui/form-drawer";
import { HoursBar } from "@/ui/hours-bar";
import { CardSection } from "@/ui/panel";
import { Form, FormProblem } from "@/ui/sign-in";
import { Bone, ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { WorkStack } from "@/ui/work";
import {
  type CalendarDraft,
  type DayRow,
  draftOf,
  minutesOf,
  painted,
  readDraft,
  readHours,
  spansOf,
  weekdays,
  withFound,
  yearsOf,
} from "./calendar-model";
import { DayField } from "./lazy-day-field";

const CalendarHolidays = lazy(() => import("./calendar-holidays"));
const CalendarAsk = lazy(() => withMessageTexts(() => import("./calendar-ask")));

interface Props {
  /** Whose: `department:<id>`, `user:<id>`; the company's by default. */
  editing?: string;
  onEdit(of?: string): void;
}

export default function Calendars({ editing = "company", onEdit }: Props) {
  const { t } = useTranslation("settings");
  const departments = useQuery(departmentTreeQuery);
  const people = useQuery(usersQuery);
  const query = useQuery(calendarQuery(editing));
  return (
    <WorkStack narrow>
      <Hint>{t("calendar_note")}</Hint>
      <Select
        label={t("calendar_whose")}
        searchable
        allowDeselect={false}
        limit={100}
        data={[
          { value: "company", label: t("section_company") },
          {
            group: t("section_departments"),
            items: (departments.data ?? []).map(({ id, name }) => ({
              value: `department:${id}`,
              label: name,
            })),
          },
          {
            group: t("section_people"),
            items: (people.data ?? []).map(({ id, name }) => ({ value: `user:${id}`, label: name })),
          },
        ]}
        value={editing}
        onChange={(of) => of && onEdit(of === "company" ? undefined : of)}
      />
      {query.isPending && <Bone height={240} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && (
        <Suspense fallback={<Bone height={240} />}>
          <Editor key={editing} of={editing} calendar={query.data} />
        </Suspense>
      )}
    </WorkStack>
  );
}

function Editor({ of, calendar }: { of: string; calendar: Calendar | null }) {
  const { t } = useTranslation(["settings", "common", "watch"]);
  const place = `calendar.${of}`;
  const kept = JSON.stringify(draftOf(calendar));
  const [draft, setDraft] = useState<CalendarDraft>(
    () => readKept<CalendarDraft>(place) ?? draftOf(calendar),
  );
  const [tried, setTried] = useState(false);
  // Fields that a person has left: what is wrong there is said at once.
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const form = useRef<HTMLDivElement>(null);
  const dirty = JSON.stringify(draft) !== kept;
  const put = (part: Partial<CalendarDraft>) =>
    setDraft((old) => {
      const next = { ...old, ...part };
      if (JSON.stringify(next) === kept) dropDraft(place);
      else keepDraft(place, next);
      return next;
    });
  const read = readDraft(draft);
  // Deadlines that would move, until somebody has said what becomes of them.
  const [asked, setAsked] = useState<{ calendar: Calendar | null; preview: Body<"CalendarPreview"> }>();
  const saved = (calendar: Calendar | null, moved: number) => {
    dropDraft(place);
    setDraft(draftOf(calendar));
    setTried(false);
    setAsked(undefined);
    const words = moved > 0 ? t("watch:calendar_moved", { count: moved }) : t("common:saved");
    toast({ message: words, kind: "done" });
  };
  const save = useMutation({
    mutationFn: async (sent: Calendar | null) => {
      const preview = await previewCalendar(of, sent);
      if (preview.moved > 0) return setAsked({ calendar: sent, preview });
      await saveCalendar(of, sent, "keep");
      saved(sent, 0);
    },
  });
  const reason = (at: string) => {
    const code = tried || left.has(at) ? read.wrong[at] : undefined;
    return code && t(`settings:calendar_wrong_${code}`);
  };
  const refusal = generalRefusal(save.error, [], t("common:network"));
  return (
    <Form
      label={t("settings:section_calendars")}
      onSubmit={() => {
        setTried(true);
        if (Object.keys(read.wrong).length === 0 && !save.isPending) save.mutate(read.calendar);
        // What is wrong comes into view.
        requestAnimationFrame(() =>
          form.current
            ?.querySelector("[aria-invalid=true], [role=alert]")
            ?.scrollIntoView({ block: "center" }),
        );
      }}
    >
      {refusal && <FormProblem>{refusal}</FormProblem>}
      <Switch
        label={t(of === "company" ? "settings:calendar_own_company" : "settings:calendar_own")}
        checked={draft.own}
        onChange={(event) => put({ own: event.currentTarget.checked })}
      />
      {!draft.own && (
        <Hint>{t(of === "company" ? "settings:calendar_none" : "settings:calendar_above")}</Hint>
      )}
      {draft.own && (
        <>
          <div ref={form} style={{ display: "contents" }}>
            <Hours
              draft={draft}
              put={put}
              reason={reason}
              onLeave={(at) => setLeft((old) => new Set(old).add(at))}
            />
            <Holidays draft={draft} put={put} reason={reason} />
          </div>
        </>
      )}
      <Hint>{t("settings:calendar_open_deadlines")}</Hint>
      {asked && (
        <Suspense>
          <CalendarAsk of={of} {...asked} onSaved={saved} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
      <Buttons>
        {dirty && <FormNote>{t("settings:calendar_draft")}</FormNote>}
        {dirty && (
          <Button
            variant="default"
            onClick={() => {
              dropDraft(place);
              setDraft(draftOf(calendar));
              setTried(false);
            }}
          >
            {t("common:discard")}
          </Button>
        )}
        <Button type="submit" loading={save.isPending}>
          {t("common:save")}
        </Button>
      </Buttons>
    </Form>
  );
}

interface PartProps {
  draft: CalendarDraft;
  put(part: Partial<CalendarDraft>): void;
  reason(place: string): string | undefined;
}

function Hours({ draft, put, reason, onLeave }: PartProps & { onLeave(place: string): void }) {
  const { t } = useTranslation("settings");
  const { tenant } = useMe();
  const zones = [...new Set([tenant.time_zone, draft.zone, ...Intl.supportedValuesOf("timeZone")])];
  const all = weekdays.map((day) => readHours(draft.week[day]) ?? []);
  const total = all.reduce((sum, hours) => sum + minutesOf(hours), 0) / 60;
  const lines = draft.cycle.trim() ? draft.cycle.trimEnd().split("\n") : [];
  const lengthOf = (text: string) => {
    const hours = readHours(text);
    if (!hours) return "";
    return hours.length === 0
      ? t("calendar_free")
      : t("calendar_hours", { hours: formatNumber(minutesOf(hours) / 60, 2) });
  };
  return (
    <CardSection title={t("calendar_hours_title")}>
      <SegmentedControl
        aria-label={t("calendar_hours_title")}
        value={draft.mode}
        onChange={(mode) => put({ mode: mode as CalendarDraft["mode"] })}
        data={[
          { value: "week", label: t("calendar_week") },
          { value: "cycle", label: t("calendar_cycle") },
        ]}
      />
      {draft.mode === "week" ? (
        <>
          {weekdays.map((day) => (
            <WeekRow key={day} note={lengthOf(draft.week[day])}>
              <div>
                <TextInput
                  label={t(`calendar_${day}`)}
                  name={day}
                  placeholder={t("calendar_free")}
                  value={draft.week[day]}
                  error={reason(day)}
                  onBlur={() => onLeave(day)}
                  onChange={(event) => put({ week: { ...draft.week, [day]: event.currentTarget.value } })}
                />
                <Painted
                  hours={draft.week[day]}
                  onChange={(hours) => put({ week: { ...draft.week, [day]: hours } })}
                />
              </div>
            </WeekRow>
          ))}
          <Hint>{t("calendar_week_total", { hours: formatNumber(total, 2) })}</Hint>
          <Buttons>
            <Button
              variant="default"
              size="compact-sm"
              onClick={() => {
                const { mon } = draft.week;
                put({ week: { ...draft.week, tue: mon, wed: mon, thu: mon, fri: mon } });
              }}
            >
              {t("calendar_copy_monday")}
            </Button>
          </Buttons>
        </>
      ) : (
        <>
          <DayField
            label={t("calendar_anchor")}
            value={draft.anchor}
            error={reason("anchor")}
            onChange={(anchor) => put({ anchor })}
          />
          <Textarea
            label={t("calendar_shifts")}
            description={t("calendar_shifts_hint")}
            autosize
            minRows={4}
            maxRows={16}
            value={draft.cycle}
            error={reason("cycle")}
            onChange={(event) => put({ cycle: event.currentTarget.value })}
          />
          {lines.slice(0, MOST_PAINTED).map((line, index) => (
            <WeekRow key={index} note={lengthOf(line)}>
              <div>
                <Hint>{t("calendar_shift_day", { number: String(index + 1) })}</Hint>
                <Painted
                  hours={line}
                  onChange={(hours) =>
                    put({ cycle: lines.map((one, at) => (at === index ? hours || "—" : one)).join("\n") })
                  }
                />
              </div>
            </WeekRow>
          ))}
          <Buttons>
            <Button
              variant="default"
              size="compact-sm"
              onClick={() => put({ cycle: [...lines, "—"].join("\n") })}
            >
              {t("calendar_add_shift")}
            </Button>
          </Buttons>
        </>
      )}
      <Select
        label={t("time_zone")}
        searchable
        clearable
        limit={60}
        placeholder={t("calendar_zone_company", { zone: tenant.time_zone })}
        data={zones.filter(Boolean)}
        value={draft.zone || null}
        onChange={(zone) => put({ zone: zone ?? "" })}
      />
    </CardSection>
  );
}

/** Days of shifts that have a bar to paint on; more are written. */
const MOST_PAINTED = 31;

/** The hours of a day as a bar: each stroke is laid over what was there when it began. */
function Painted({ hours, onChange }: { hours: string; onChange(hours: string): void }) {
  const before = useRef(hours);
  return (
    <HoursBar
      spans={spansOf(hours)}
      onPaint={(from, to, on, begins) => {
        if (begins) before.current = hours;
        onChange(painted(before.current, from, to, on));
      }}
    />
  );
}

const fresh: DayRow = { date: null, until: null, hours: "", name: "" };

function Holidays({ draft, put, reason }: PartProps) {
  const { t } = useTranslation("settings");
  const now = new Date().getFullYear();
  const [year, setYear] = useState(now);
  // A row being typed has no date yet: it stands in whatever year is shown.
  const rows = draft.days
    .map((day, index) => ({ day, index }))
    .filter(
      ({ day }) => !day.date || day.date.startsWith(String(year)) || day.until?.startsWith(String(year)),
    );
  const change = (index: number, part: Partial<DayRow>) =>
    put({ days: draft.days.map((day, at) => (at === index ? { ...day, ...part } : day)) });
  return (
    <CardSection title={t("calendar_holidays")}>
      <Pair>
        <Select
          aria-label={t("calendar_year")}
          allowDeselect={false}
          data={yearsOf(draft, now).map(String)}
          value={String(year)}
          onChange={(next) => next && setYear(Number(next))}
        />
      </Pair>
      {rows.length === 0 && <Hint>{t("calendar_no_holidays")}</Hint>}
      {rows.map(({ day, index }) => (
        <CalendarDayRow
          key={index}
          label={day.name || t("calendar_holiday")}
          problem={reason(`day.${index}`)}
          remove={
            <ActionIcon
              aria-label={t("calendar_remove", { name: day.name || day.date || "" })}
              onClick={() => put({ days: draft.days.filter((_, at) => at !== index) })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          }
        >
          <DayField
            label={t("calendar_date")}
            value={day.date}
            onChange={(date) => change(index, { date })}
          />
          <DayField
            label={t("calendar_until")}
            value={day.until}
            onChange={(until) => change(index, { until })}
          />
          <TextInput
            label={t("calendar_day_hours")}
            placeholder={t("calendar_free")}
            value={day.hours}
            onChange={(event) => change(index, { hours: event.currentTarget.value })}
          />
          <TextInput
            label={t("title")}
            value={day.name}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
        </CalendarDayRow>
      ))}
      <Buttons>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => put({ days: [...draft.days, fresh] })}
        >
          {t("calendar_add_day")}
        </Button>
      </Buttons>
      <Suspense fallback={<Bone height={90} />}>
        <CalendarHolidays
          year={year}
          onFound={(found) => {
            const days = withFound(draft.days, found);
            put({ days });
            return days.length - draft.days.length;
          }}
        />
      </Suspense>
    </CardSection>
  );
}
