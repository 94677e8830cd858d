/** A picture of each way to draw a report. */
import {
  IconChartBar,
  IconChartDonut,
  IconChartLine,
  IconFilter,
  IconNumbers,
  IconTable,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ChartKind } from "@/engines/reports/question";

const icons: Record<ChartKind, ReactNode> = {
  table: <IconTable size={18} />,
  bar: <IconChartBar size={18} />,
  line: <IconChartLine size={18} />,
  pie: <IconChartDonut size={18} />,
  funnel: <IconFilter size={18} />,
  number: <IconNumbers size={18} />,
};

export const chartIcon = (kind: ChartKind): ReactNode => icons[kind];
