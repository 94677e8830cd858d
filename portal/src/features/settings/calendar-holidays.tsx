/** Holidays to be put among the days of a calendar: of a country by its law, or from a calendar file. Saved with the calendar. */
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { findHolidays, holidayPacksQuery } from "@/api/calendars";
import { messageOf } from "@/api/problem";
import type { Body, CalendarDay } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Buttons, Hint, Notice, Pair } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";

/** More than a file may have: the server says so, and nothing larger is read or sent. */
const most = 1_000_010;

interface Props {
  year: number;
  /** Puts them in; gives how many were not there. */
  onFound(days: CalendarDay[]): number;
}

export default function CalendarHolidays({ year, onFound }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const packs = useQuery(holidayPacksQuery);
  const [country, setCountry] = useState<string | null>(null);
  const [added, setAdded] = useState(0);
  const find = useMutation({
    mutationFn: async (asked: { country: string } | { file: File }) =>
      findHolidays(
        "file" in asked ? { year, ics: await asked.file.slice(0, most).text() } : { year, ...asked },
      ),
    onSuccess: ({ days }) => setAdded(onFound(days)),
  });
  if (packs.isError) return <ErrorState error={packs.error} retry={() => void packs.refetch()} />;
  return (
    <>
      <Pair>
        <Select
          label={t("settings:calendar_country")}
          searchable
          limit={60}
          data={(packs.data ?? []).map((pack) => ({ value: pack.key, label: nameOf(pack) }))}
          value={country}
          onChange={setCountry}
        />
        <DropFile
          compact
          label={t("settings:calendar_file")}
          hint={t("settings:calendar_file_hint")}
          accept=".ics,text/calendar"
          pick={t("settings:calendar_file_pick")}
          onFile={(file) => find.mutate({ file })}
        />
      </Pair>
      <Buttons>
        <Button
          variant="default"
          size="compact-sm"
          disabled={country === null}
          loading={find.isPending}
          onClick={() => country && find.mutate({ country })}
        >
          {t("settings:calendar_add_holidays", { year: String(year) })}
        </Button>
      </Buttons>
      <Hint>{t("settings:calendar_holidays_note")}</Hint>
      {find.isError && <FormProblem>{messageOf(find.error, t("common:network"))}</FormProblem>}
      {find.isSuccess && <Found found={find.data} added={added} />}
    </>
  );
}

function Found({ found, added }: { found: Body<"HolidaysFound">; added: number }) {
  const { t } = useTranslation("settings");
  const { outside, unread, unread_names: names } = found;
  return (
    <Notice tone={added > 0 ? "ok" : "plain"}>
      {added > 0 ? t("calendar_found", { count: added }) : t("calendar_found_none")}
      {outside > 0 && ` ${t("calendar_found_outside", { count: outside })}`}
      {unread > 0 && ` ${t("calendar_found_unread", { count: unread, names: names.join(", ") })}`}
    </Notice>
  );
}

function nameOf({ country, region }: Body<"HolidayPack">): string {
  const name = new Intl.DisplayNames(currentLocale(), { type: "region" }).of(country) ?? country;
  return region ? `${name}, ${region}` : name;
}
