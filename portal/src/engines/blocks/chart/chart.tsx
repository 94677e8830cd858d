/** A chart over a source. Every chart has its table; a click on a figure goes to what stands behind it. */
import { Button } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions } from "@/engines/blocks/actions";
import { useGiven, usePage, useRowText, useSay } from "@/engines/blocks/context";
import { figure } from "@/engines/blocks/formats";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import type { ChartBlock } from "@/engines/blocks/tree";
import { DataTable } from "@/ui/block";
import { BarGap, BlockBar, BlockSkeleton } from "@/ui/block-frame";
import { chartData } from "./model";

const Chart = lazy(() => import("@/ui/chart"));

export default function ChartView({ block }: { block: ChartBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={280}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

function Loaded({ block }: { block: ChartBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const actions = useActions();
  const data = page.source(block.source);
  const text = useRowText(block.source, data);
  const target = useGiven(block.target);
  const [table, setTable] = useState(false);
  const rows = data.rows ?? [];
  const made = useMemo(() => chartData(block, rows, text, t("nothing")), [block, rows, text, t]);
  const currency = page.setup.me?.tenant.currency ?? "EUR";
  if (rows.length > most.bars) return <TooLarge size={rows.length} most={most.bars} />;
  const label = say(block.title) || t("chart");
  const words = (value: number, short?: boolean) => figure(value, block.format, currency, short);
  const open = block.on_open;
  const single = made.series.length === 1;
  const height = block.height ?? 280;
  return (
    <>
      <BlockBar>
        <BarGap />
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={table ? <IconChartBar size={16} /> : <IconTable size={16} />}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          {t(table ? "as_chart" : "as_table")}
        </Button>
      </BlockBar>
      {table ? (
        <DataTable<{ category: string; index: number }>
          label={label}
          keyOf={({ category }) => category}
          rows={made.categories.map((category, index) => ({ category, index }))}
          columns={[
            {
              key: "category",
              label: data.fields?.find(({ key }) => key === block.x)?.label ?? block.x,
              grow: true,
              render: ({ category, index }) =>
                open ? (
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    onClick={() => {
                      const row = made.rowAt(index, 0);
                      if (row) actions.run(open, { source: block.source, row });
                    }}
                  >
                    {category}
                  </Button>
                ) : (
                  category
                ),
            },
            ...made.series.map(({ name, values }, series) => ({
              key: `series ${series}`,
              label: single ? (data.fields?.find(({ key }) => key === block.y)?.label ?? block.y) : name,
              numeric: true,
              render: ({ index }: { index: number }) => {
                const value = values[index];
                return value === null || value === undefined ? "—" : words(value);
              },
            })),
          ]}
        />
      ) : (
        <Suspense fallback={<BlockSkeleton height={height} label={t("loading")} />}>
          <Chart
            kind={block.kind}
            label={`${label}. ${t("chart_label", { count: made.categories.length, total: words(made.total) })}`}
            categories={made.categories}
            series={made.series}
            stack={block.stack ?? false}
            target={target === undefined ? undefined : { value: target, label: t("target") }}
            height={height}
            format={words}
            onPick={
              open &&
              ((category, series) => {
                const row = made.rowAt(category, series);
                if (row) actions.run(open, { source: block.source, row });
              })
            }
          />
        </Suspense>
      )}
    </>
  );
}
