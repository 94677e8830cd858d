/** What a step's time means on the calendar: begun now, until when, and when it would remind. */
import { useInterval } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { calendarQuery } from "@/api/calendars";
import { useMe } from "@/api/session";
import { addWorking, subtractWorking } from "@/engines/designer/due";
import { readWorking } from "@/engines/designer/time";
import { formatMoment } from "@/i18n/format";
import { Hint } from "@/ui/work";

interface Props {
  /** ISO 8601, working time. */
  duration: string;
  remindBefore: string[];
}

const MINUTE_MS = 60_000;

export function DueHint({ duration, remindBefore }: Props) {
  const { t } = useTranslation("drawings");
  const { tenant } = useMe();
  const calendar = useQuery({ ...calendarQuery("company"), staleTime: 5 * MINUTE_MS });
  const [now, setNow] = useState(() => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  useInterval(() => setNow(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS), MINUTE_MS, { autoInvoke: true });
  const reminders = remindBefore.join(" ");
  const said = useMemo(() => {
    const seconds = readWorking(duration);
    if (!seconds || calendar.data === undefined) return undefined;
    const due = addWorking(calendar.data, tenant.time_zone, now, seconds);
    if (due === undefined) return t("due_never");
    const times = reminders
      .split(" ")
      .map((one) => readWorking(one))
      // What would remind before it begins is a problem of the drawing, said where problems are.
      .filter((before) => before !== undefined && before > 0 && before < seconds)
      .map((before) => subtractWorking(calendar.data, tenant.time_zone, due, before ?? 0))
      .filter((at) => at !== undefined)
      .sort((left, right) => left - right)
      .map((at) => formatMoment(at));
    const begun = t("due_begun", { when: formatMoment(due) });
    return times.length > 0 ? `${begun} ${t("due_reminds", { when: times.join("; ") })}` : begun;
  }, [duration, reminders, calendar.data, tenant.time_zone, now, t]);
  if (!said) return null;
  return (
    <Hint>
      {said} {t("due_whose")}
    </Hint>
  );
}
