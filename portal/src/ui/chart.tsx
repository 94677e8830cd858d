/** Charts by ECharts, in the colours of the theme; loaded with the first chart. */

import { useComputedColorScheme } from "@mantine/core";
import { BarChart, FunnelChart, HeatmapChart, LineChart, PieChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { type EChartsCoreOption, type EChartsType, init, use as register } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import classes from "./chart.module.css";

register([
  BarChart,
  LineChart,
  PieChart,
  FunnelChart,
  HeatmapChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  MarkLineComponent,
  VisualMapComponent,
  LabelLayout,
  SVGRenderer,
]);

export interface ChartProps {
  kind: "bar" | "line" | "pie" | "funnel" | "heat";
  label: string;
  categories: string[];
  series: { name: string; values: (number | null)[] }[];
  stack: boolean;
  target?: { value: number; label: string };
  height: number;
  /** A number in words; `short` for axes. */
  format(value: number, short?: boolean): string;
  onPick?(category: number, series: number): void;
}

const palette = ["--accent", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6"];

interface Colours {
  text: string;
  dim: string;
  line: string;
  surface: string;
  soft: string;
  series: string[];
  /** By name: text is measured outside of the page, where nothing is inherited. */
  font: string;
}

function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of("--text"),
    dim: of("--text-2"),
    line: of("--border"),
    surface: of("--surface"),
    soft: of("--surface-2"),
    series: palette.map(of),
    font: style.fontFamily,
  };
}

export default function Chart(props: ChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const scheme = useComputedColorScheme("light");
  const pick = useRef(props.onPick);
  pick.current = props.onPick;
  const draw = useRef(() => {});
  useEffect(() => {
    const node = element.current;
    if (!node) return undefined;
    const made = init(node, null, { renderer: "svg" });
    chart.current = made;
    made.on("click", (event) => {
      const { dataIndex, seriesIndex, data } = event as {
        dataIndex: number;
        seriesIndex: number;
        data: unknown;
      };
      // A cell of a heat map knows its place by its data.
      if (Array.isArray(data)) pick.current?.(Number(data[0]), Number(data[1]));
      else pick.current?.(dataIndex, seriesIndex);
    });
    // What fits beside one another depends on the width.
    const watch = new ResizeObserver(() => {
      made.resize();
      draw.current();
    });
    watch.observe(node);
    return () => {
      watch.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => {
    const node = element.current;
    if (!node || !scheme) return;
    const colours = coloursOf(node);
    draw.current = () => chart.current?.setOption(optionOf(props, colours, node.clientWidth), true);
    draw.current();
  }, [props, scheme]);
  return (
    <div
      ref={element}
      className={classes.chart}
      role="img"
      aria-label={props.label}
      data-pick={props.onPick !== undefined}
      style={{ height: props.height }}
    />
  );
}

function optionOf(props: ChartProps, colours: Colours, width: number): EChartsCoreOption {
  const many = props.series.length > 1;
  const common = {
    color: colours.series,
    animation: false,
    textStyle: { fontFamily: colours.font, color: colours.text, fontSize: 12 },
    tooltip: {
      trigger: props.kind === "bar" || props.kind === "line" ? "axis" : "item",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
      valueFormatter: (value: unknown) => (typeof value === "number" ? props.format(value) : "—"),
    },
    legend: {
      show: many && props.kind !== "heat",
      bottom: 0,
      icon: "roundRect",
      itemWidth: 10,
      itemHeight: 10,
      itemGap: 16,
      textStyle: { color: colours.dim },
    },
  };
  if (props.kind === "pie" || props.kind === "funnel")
    return { ...common, series: [roundOf(props, colours)] };
  if (props.kind === "heat") return { ...common, ...heatOf(props, colours) };
  return { ...common, ...axesOf(props, colours, many, width) };
}

function roundOf(props: ChartProps, colours: Colours) {
  const data = props.categories.map((name, index) => ({ name, value: props.series[0]?.values[index] ?? 0 }));
  const label = {
    color: colours.text,
    formatter: ({ name, value }: { name: string; value: number }) => `${name}  ${props.format(value)}`,
  };
  const look = { borderColor: colours.surface, borderWidth: 2 };
  return props.kind === "pie"
    ? { type: "pie", radius: ["45%", "72%"], data, label, itemStyle: look, emphasis: { scale: false } }
    : {
        type: "funnel",
        sort: "none",
        left: 8,
        right: "40%",
        top: 8,
        bottom: 8,
        minSize: "6%",
        gap: 2,
        data,
        label: { ...label, position: "right" },
        labelLine: { length: 12, lineStyle: { color: colours.line } },
        itemStyle: { borderWidth: 0 },
      };
}

function axis(colours: Colours) {
  return {
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    axisLabel: { color: colours.dim, hideOverlap: true },
    splitLine: { lineStyle: { color: colours.line } },
  };
}

/** Width of a letter of 12 px, roughly. */
const letter = 7;

/** How many lines the names of the series take under the chart. */
function legendLines(names: string[], width: number): number {
  let [lines, used] = [1, 0];
  for (const name of names) {
    const wide = name.length * letter + 34;
    if (used > 0 && used + wide > width) [lines, used] = [lines + 1, 0];
    used += wide;
  }
  return lines;
}

/** Every bar has its name while there is room for a word of it; longer names take lines. */
function namesOf(categories: string[], width: number) {
  const room = (width - 64) / Math.max(1, categories.length);
  const longest = Math.max(0, ...categories.flatMap((name) => name.split(" ").map((word) => word.length)));
  if (room < Math.min(longest, 12) * letter) return {};
  return { interval: 0, hideOverlap: false, width: room - 4, overflow: "break", lineHeight: 14 };
}

function axesOf(props: ChartProps, colours: Colours, many: boolean, width: number) {
  const { target } = props;
  const names = props.series.map(({ name }) => name);
  const mark = target && {
    silent: true,
    symbol: "none",
    lineStyle: { color: colours.text, type: "dashed" },
    label: {
      formatter: `${target.label} ${props.format(target.value, true)}`,
      color: colours.text,
      position: "insideEndTop",
    },
    data: [{ yAxis: target.value }],
  };
  // Few bars carry their figures themselves.
  const labels = !many && props.categories.length <= 12;
  return {
    grid: {
      left: 8,
      right: 16,
      top: 24,
      bottom: many ? 10 + 22 * legendLines(names, width) : 4,
      containLabel: true,
    },
    xAxis: {
      type: "category",
      data: props.categories,
      ...axis(colours),
      axisLabel: { ...axis(colours).axisLabel, ...namesOf(props.categories, width) },
    },
    yAxis: {
      type: "value",
      ...axis(colours),
      // Bars begin at zero; so does the axis that the target must fit in.
      scale: props.kind !== "bar",
      max: target ? ({ max }: { max: number }) => Math.max(max, target.value) : undefined,
      axisLabel: { color: colours.dim, formatter: (value: number) => props.format(value, true) },
    },
    series: props.series.map(({ name, values }, index) => ({
      type: props.kind,
      name,
      data: values,
      stack: props.stack ? "all" : undefined,
      barMaxWidth: 40,
      symbolSize: 6,
      itemStyle: props.kind === "bar" ? { borderRadius: props.stack ? 0 : [3, 3, 0, 0] } : undefined,
      label: {
        show: labels,
        position: "top",
        color: colours.dim,
        formatter: ({ value }: { value: number }) => props.format(value, true),
      },
      labelLayout: { hideOverlap: true },
      markLine: index === 0 ? mark : undefined,
    })),
  };
}

function heatOf(props: ChartProps, colours: Colours) {
  const data = props.series.flatMap(({ values }, row) =>
    values.flatMap((value, column) => (value === null ? [] : [[column, row, value]])),
  );
  const values = data.map(([, , value = 0]) => value);
  return {
    grid: { left: 8, right: 16, top: 8, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: props.categories, ...axis(colours), splitLine: { show: false } },
    yAxis: {
      type: "category",
      data: props.series.map(({ name }) => name),
      ...axis(colours),
      splitLine: { show: false },
    },
    visualMap: {
      show: false,
      min: Math.min(0, ...values),
      max: Math.max(1, ...values),
      inRange: { color: [colours.soft, colours.series[0] ?? colours.text] },
    },
    series: [
      {
        type: "heatmap",
        data,
        label: {
          show: data.length <= 200,
          // Readable on light and dark cells alike.
          color: colours.text,
          textBorderColor: colours.surface,
          textBorderWidth: 2,
          formatter: ({ value }: { value: number[] }) => props.format(value[2] ?? 0, true),
        },
        itemStyle: { borderColor: colours.surface, borderWidth: 2 },
      },
    ],
  };
}
