/** To whom a report is sent and when; what was sent, and what was not and why. */
import { ActionIcon, Button, Checkbox, Drawer, Select, Switch } from "@mantine/core";
import { IconMail, IconPencil, IconPlus, IconSend, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { peopleQuery } from "@/api/lookups";
import type { SavedReport, Schedule, ScheduleInput } from "@/api/reports-wire";
import { deleteSchedule, saveSchedule, schedulesQuery, sendReport, sentQuery } from "@/api/saved-reports";
import { useMe } from "@/api/session";
import type { Id, Measure } from "@/api/types";
import { NumberEditor } from "@/engines/fields/number-editor";
import { useNames } from "@/engines/titles";
import { currentLocale } from "@/i18n";
import { formatDateTime } from "@/i18n/format";
import { Block, BlockBones, DataTable, Hint, ItemBody, ItemLine, ItemList, Tag } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import {
  hours,
  inputOf,
  missingOf,
  ops,
  usualSchedule,
  weekdayName,
  weekdays,
  withEvery,
} from "./schedule-model";

interface Props {
  report: SavedReport;
  measures: Measure[];
  onClose(): void;
}

export default function Schedules({ report, measures, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["reports", "common"]);
  const query = useQuery(schedulesQuery(report.id));
  const [edited, setEdited] = useState<Schedule | "new" | null>(null);
  const send = useMutation({
    mutationFn: () => sendReport(report.id),
    onSuccess: () => toast({ message: t("reports:sent_to_me"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const add = (
    <Button mt={12} leftSection={<IconPlus size={16} />} onClick={() => setEdited("new")}>
      {t("reports:schedule_add")}
    </Button>
  );
  return (
    <>
      <Drawer
        opened
        onClose={onClose}
        position="right"
        size="lg"
        title={t("reports:schedules_of", { name: report.name })}
        closeButtonProps={{ "aria-label": t("common:close") }}
      >
        <Block
          title={t("reports:schedules")}
          note={t("reports:schedules_note")}
          actions={
            <Button
              variant="default"
              leftSection={<IconSend size={16} />}
              loading={send.isPending}
              onClick={() => send.mutate()}
            >
              {t("reports:send_now")}
            </Button>
          }
        >
          {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
          {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
          {query.data?.length === 0 && (
            <EmptyState icon={<IconMail size={28} />} action={add}>
              {t("reports:no_schedules")}
            </EmptyState>
          )}
          {query.data && query.data.length > 0 && (
            <>
              <ItemList>
                {query.data.map((schedule) => (
                  <ItemLine key={schedule.id}>
                    <Line report={report} schedule={schedule} onEdit={() => setEdited(schedule)} />
                  </ItemLine>
                ))}
              </ItemList>
              {add}
            </>
          )}
        </Block>
        <Sent report={report.id} />
      </Drawer>
      {edited && (
        <ScheduleForm
          report={report}
          schedule={edited === "new" ? undefined : edited}
          measures={measures}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
}

/** When it comes, in words. */
function useWhen(): (schedule: Schedule) => string {
  const { t } = useTranslation("reports");
  return ({ every, weekday, month_day, hour }) => {
    const time = `${String(hour).padStart(2, "0")}:00`;
    if (every === "day") return t("every_day_at", { time });
    if (every === "week")
      return t("every_week_at", { time, day: weekdayName(currentLocale(), weekday ?? 1) });
    return t("every_month_at", { time, day: month_day ?? 1 });
  };
}

function Line({ report, schedule, onEdit }: { report: SavedReport; schedule: Schedule; onEdit(): void }) {
  const { t } = useTranslation(["reports", "common"]);
  const when = useWhen();
  const names = useNames();
  const to = schedule.recipients.map((id) => names.get(id) ?? t("reports:somebody"));
  const put = (enabled: boolean) =>
    saveSchedule(report.id, { ...inputOf(schedule), enabled }, schedule).catch(toastError);
  const words = when(schedule);
  return (
    <>
      <ItemBody
        title={words}
        tags={
          schedule.last && (
            <Tag
              tone={
                schedule.last.state === "failed" ? "danger" : schedule.last.state === "sent" ? "ok" : "plain"
              }
            >
              {t(`reports:state_${schedule.last.state}`)}
            </Tag>
          )
        }
        note={
          <>
            {t("reports:to", { names: to.join(", ") })}
            {schedule.enabled && schedule.next_at && (
              <> · {t("reports:next_at", { time: formatDateTime(schedule.next_at) })}</>
            )}
            {schedule.last?.error && <> · {schedule.last.error}</>}
          </>
        }
      />
      <Switch
        aria-label={t("reports:schedule_on", { when: words })}
        checked={schedule.enabled}
        onChange={(event) => void put(event.currentTarget.checked)}
      />
      <ActionIcon aria-label={`${t("common:edit")}: ${words}`} onClick={onEdit}>
        <IconPencil size={16} />
      </ActionIcon>
      <ActionIcon
        aria-label={`${t("common:delete")}: ${words}`}
        onClick={() => void deleteSchedule(report.id, schedule).catch(toastError)}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </>
  );
}

function Sent({ report }: { report: Id }) {
  const { t } = useTranslation("reports");
  const { data } = useQuery(sentQuery(report));
  if (!data || data.items.length === 0) return null;
  return (
    <Block title={t("sent")}>
      <DataTable
        label={t("sent")}
        rows={data.items}
        keyOf={({ at, user }) => `${at} ${user}`}
        columns={[
          { key: "at", label: t("sent_at"), render: ({ at }) => formatDateTime(at) },
          {
            key: "user",
            label: t("recipient"),
            render: ({ user }) => data.refs[user]?.title ?? t("somebody"),
          },
          {
            key: "state",
            label: t("sent_state"),
            grow: true,
            render: ({ state, error }) => [t(`state_${state}`), error].filter(Boolean).join(": "),
          },
        ]}
      />
    </Block>
  );
}

interface FormProps {
  report: SavedReport;
  schedule?: Schedule;
  measures: Measure[];
  onClose(): void;
}

function ScheduleForm({ report, schedule, measures, onClose }: FormProps) {
  const { t } = useTranslation(["reports", "common"]);
  const me = useMe().user.id;
  const people = useQuery(peopleQuery("")).data ?? [];
  const [input, setInput] = useState(() => (schedule ? inputOf(schedule) : usualSchedule(me)));
  const [tried, setTried] = useState(false);
  const put = (part: Partial<ScheduleInput>) => setInput((old) => ({ ...old, ...part }));
  const missing = missingOf(input);
  const save = useMutation({
    mutationFn: () => saveSchedule(report.id, input, schedule),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  return (
    <FormDrawer
      title={t(schedule ? "reports:schedule" : "reports:schedule_add")}
      submit={t("common:save")}
      pending={save.isPending}
      error={save.error}
      fields={["recipients", "hour", "only_if"]}
      values={input}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (!missing) save.mutate();
      }}
    >
      <Select
        label={t("reports:every")}
        allowDeselect={false}
        data={(["day", "week", "month"] as const).map((value) => ({
          value,
          label: t(`reports:every_${value}`),
        }))}
        value={input.every}
        onChange={(every) => every && setInput(withEvery(input, every as ScheduleInput["every"]))}
      />
      {input.every === "week" && (
        <Select
          label={t("reports:weekday")}
          allowDeselect={false}
          data={weekdays.map((day) => ({ value: String(day), label: weekdayName(currentLocale(), day) }))}
          value={String(input.weekday ?? 1)}
          onChange={(day) => put({ weekday: Number(day) })}
        />
      )}
      {input.every === "month" && (
        <Select
          label={t("reports:month_day")}
          description={t("reports:month_day_hint")}
          allowDeselect={false}
          data={Array.from({ length: 31 }, (_, day) => String(day + 1))}
          value={String(input.month_day ?? 1)}
          onChange={(day) => put({ month_day: Number(day) })}
        />
      )}
      <Select
        label={t("reports:hour")}
        description={t("reports:hour_hint")}
        allowDeselect={false}
        data={hours.map((hour) => ({ value: String(hour), label: `${String(hour).padStart(2, "0")}:00` }))}
        value={String(input.hour)}
        onChange={(hour) => put({ hour: Number(hour) })}
      />
      <PickMany
        label={t("reports:recipients")}
        description={t("reports:recipients_hint")}
        withAsterisk
        data={people.map(({ id, ref }) => ({ value: id, label: ref.title }))}
        value={input.recipients}
        error={
          tried && missing === "recipients_needed"
            ? t("reports:recipients_needed")
            : fieldRefusal(save.error, "recipients")
        }
        onChange={(recipients) => put({ recipients })}
      />
      <OnlyIf
        input={input}
        measures={measures}
        error={
          tried && missing === "value_needed"
            ? t("reports:value_needed")
            : fieldRefusal(save.error, "only_if")
        }
        put={put}
      />
      <Checkbox
        label={t("reports:attach")}
        checked={input.attach}
        onChange={(event) => put({ attach: event.currentTarget.checked })}
      />
    </FormDrawer>
  );
}

interface OnlyProps {
  input: ScheduleInput;
  measures: Measure[];
  error?: string;
  put(part: Partial<ScheduleInput>): void;
}

/** Sent only when a figure says so. */
function OnlyIf({ input, measures, error, put }: OnlyProps) {
  const { t } = useTranslation("reports");
  const { only_if } = input;
  return (
    <>
      <Select
        label={t("only_if")}
        placeholder={t("only_if_always")}
        clearable
        clearButtonProps={{ "aria-label": t("only_if_always") }}
        data={measures.map(({ key, label }) => ({ value: key, label }))}
        value={only_if?.measure ?? null}
        onChange={(measure) => put({ only_if: measure ? { op: "gt", value: 0, ...only_if, measure } : null })}
      />
      {only_if && (
        <>
          <Select
            aria-label={t("only_if_op")}
            allowDeselect={false}
            data={ops.map((value) => ({ value, label: t(`op_${value}`) }))}
            value={only_if.op}
            onChange={(op) => op && put({ only_if: { ...only_if, op: op as (typeof ops)[number] } })}
          />
          <NumberEditor
            name={t("only_if_value")}
            shown
            value={only_if.value}
            error={error}
            onChange={(value) => put({ only_if: { ...only_if, value: value as number } })}
          />
          <Hint>{t("only_if_hint")}</Hint>
        </>
      )}
    </>
  );
}
