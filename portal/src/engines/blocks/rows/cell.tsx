/** Columns that a block shows in its own way: a mark, a bar, time that runs, a sound; a moment by the clock. */
import { use, useEffect, useState } from "react";
import { toneOf, usePage, useTexts } from "@/engines/blocks/context";
import { wallOf } from "@/engines/blocks/days";
import { plain } from "@/engines/blocks/environment";
import { durationText } from "@/engines/fields/duration";
import { textOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import { isEmpty } from "@/engines/fields/values";
import type { ValueProps } from "@/engines/source";
import { formatClock, formatDateTime, formatNumber, formatRelative } from "@/i18n/format";
import { Tag } from "@/ui/block";
import { CellBar, CellSound } from "@/ui/tiles";
import { Valued } from "@/ui/value";
import { RowsContext } from "./source";

export function Cell({ field, record }: ValueProps) {
  const { name, columns = [] } = use(RowsContext);
  const page = usePage();
  const texts = useTexts(name, page.source(name));
  const column = columns.find((one) => typeof one === "object" && one.name === field.key);
  const kind = typeof column === "object" ? column.type : undefined;
  const value = record.fields[field.key];
  if (isEmpty(value)) return null;
  switch (kind) {
    case "badge": {
      const row = page.source(name).rows?.find(({ id }) => id === record.id);
      const tone = typeof column === "object" ? column.tone : undefined;
      const shown = row && plain(tone, page.environment({ row: { source: name, row } }));
      return <Tag tone={toneOf(shown)}>{textOf(field, value, texts, record.fields)}</Tag>;
    }
    case "progress": {
      const given = Number(value);
      const share = Math.min(1, Math.max(0, given > 1 ? given / 100 : given));
      return <CellBar share={share} text={`${formatNumber(share * 100, 0)} %`} />;
    }
    case "elapsed":
      return <Elapsed since={String(value)} />;
    case "audio":
      return <CellSound src={page.setup.backend.downloadUrl({ file: String(value) })} label={field.label} />;
    default:
      if (field.type === "datetime") return <Moment at={String(value)} />;
      return <FieldValue field={field} record={record} context={texts} compact />;
  }
}

/** A moment by the clock of whoever looks; where the company's clock shows another time, with the name of the zone. */
function Moment({ at }: { at: string }) {
  const { clock, setup } = usePage();
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const company = setup.me?.tenant.time_zone;
  const [here, there] = [wallOf(ms), wallOf(ms, company)];
  const zoned = here.day !== there.day || here.minutes !== there.minutes;
  return (
    <Valued title={`${formatDateTime(at)} (${formatRelative(at, clock.now())})`}>
      {formatClock(ms, clock.now(), zoned)}
    </Valued>
  );
}

/** Time since then; it goes on by the minute. */
function Elapsed({ since }: { since: string }) {
  const { clock } = usePage();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((old) => old + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
  const gone = Math.max(0, Math.floor((clock.now() - Date.parse(since)) / 60_000) * 60);
  return Number.isNaN(gone) ? null : <time dateTime={since}>{durationText(gone)}</time>;
}
