/** Figures of a chart: categories across, series beside each other. Pure. */
import { sumOf } from "@/engines/blocks/expression/decimal";
import type { ChartBlock } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";

export interface ChartData {
  categories: string[];
  series: { name: string; values: (number | null)[] }[];
  /** The row behind a point: what a click opens. */
  rowAt(category: number, series: number): SourceRow | undefined;
  total: number;
}

export function chartData(
  block: ChartBlock,
  rows: SourceRow[],
  textOf: (row: SourceRow, field: string) => string,
  nothing: string,
): ChartData {
  const categories: string[] = [];
  const names: string[] = [];
  const points = new Map<string, SourceRow[]>();
  for (const row of rows) {
    const category = textOf(row, block.x) || nothing;
    const name = block.series ? textOf(row, block.series) || nothing : "";
    if (!categories.includes(category)) categories.push(category);
    if (!names.includes(name)) names.push(name);
    const key = `${categories.indexOf(category)} ${names.indexOf(name)}`;
    points.set(key, [...(points.get(key) ?? []), row]);
  }
  const at = (category: number, series: number) => points.get(`${category} ${series}`);
  const value = (found: SourceRow[] | undefined): number | null =>
    found ? sumOf(found.map((row) => row.fields[block.y])) : null;
  return {
    categories,
    series: names.map((name, series) => ({
      name,
      values: categories.map((_, category) => value(at(category, series))),
    })),
    rowAt: (category, series) => at(category, series)?.[0],
    total: sumOf(rows.map((row) => row.fields[block.y])),
  };
}
