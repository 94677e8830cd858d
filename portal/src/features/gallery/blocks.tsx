/** `/ui/blocks`, in dev only: every block in every state, by `?part=` and `?mood=`. */
import { SegmentedControl, Select, useMantineColorScheme } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { BlockPage } from "@/engines/blocks/page";
import { realClock } from "@/engines/blocks/sources";
import type { AnyBlock } from "@/engines/blocks/tree";
import { currentLocale, locales, showLocale } from "@/i18n";
import { PageBody, PageHeader } from "@/ui/page";
import { type Mood, memory, somebody, type Table } from "./memory";
import { sources, tables, today } from "./rows";
import { samples } from "./samples";

queryClient.setQueryData(keys.me, somebody);
queryClient.setQueryData(keys.entities, [tables.deals?.shape] as never);

const moods = ["filled", "loading", "empty", "error", "refusing", "large"] as const;
type Shown = (typeof moods)[number];

/** The day of the samples, at noon in Kyiv's winter. */
const noon = Date.parse(`${today}T10:00:00Z`);
const opened = Date.now();
const clock = { ...realClock, now: () => noon + Date.now() - opened };

/** More rows than any block draws. */
function many(table: Table): Table {
  const first = table.rows[0];
  if (!first) return table;
  const rows = Array.from({ length: 5_100 }, (_, index) => ({ ...first, id: `x${index}` }));
  return { ...table, rows };
}

const large = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, many(table)]));

export default function BlocksGallery() {
  const { i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const asked = new URLSearchParams(location.search);
  const [part, setPart] = useState(asked.get("part") ?? "matrix");
  const [mood, setMood] = useState<Shown>(moods.find((one) => one === asked.get("mood")) ?? "filled");
  const show = (next: { part: string; mood: Shown }) => {
    setPart(next.part);
    setMood(next.mood);
    history.replaceState(null, "", `?part=${next.part}&mood=${next.mood}`);
  };
  return (
    <>
      <PageHeader
        title="Blocks"
        actions={
          <>
            <Select
              aria-label="Part"
              w={110}
              data={Object.keys(samples)}
              value={part}
              allowDeselect={false}
              onChange={(next) => show({ part: next ?? part, mood })}
            />
            <Select
              aria-label="State"
              w={110}
              data={[...moods]}
              value={mood}
              allowDeselect={false}
              onChange={(next) => show({ part, mood: (next as Shown | null) ?? mood })}
            />
            <SegmentedControl
              visibleFrom="sm"
              data={locales.map(({ code }) => code)}
              value={i18n.language}
              onChange={(code) => void showLocale(code as "en")}
            />
            <SegmentedControl
              visibleFrom="sm"
              data={["light", "dark"]}
              value={colorScheme === "dark" ? "dark" : "light"}
              onChange={(scheme) => setColorScheme(scheme as "light")}
            />
          </>
        }
      />
      <PageBody wide>
        <div style={{ padding: 16 }}>
          <Sample key={`${part} ${mood} ${i18n.language}`} blocks={samples[part] ?? []} mood={mood} />
        </div>
      </PageBody>
    </>
  );
}

function Sample({ blocks, mood }: { blocks: AnyBlock[]; mood: Shown }) {
  const [backend] = useState(() =>
    memory(mood === "large" ? large : tables, mood === "large" ? "filled" : (mood satisfies Mood)),
  );
  return (
    <BlockPage
      tree={{ v: 1, sources, blocks }}
      backend={backend}
      plugin="sample"
      pluginTitle="Образец"
      surface="gallery"
      // Files of frames are theirs: there is no package.
      frames="data:text/html;charset=utf-8,"
      me={somebody}
      locale={currentLocale()}
      today={today}
      clock={clock}
    />
  );
}
