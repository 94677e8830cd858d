/** What the plugin costs: calls, failures and time by point over the last 30 days. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { pluginCostQuery } from "@/api/plugins";
import type { PluginCost } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Block, BlockBones, Code, type Column, DataTable, Figures, Lead } from "@/ui/block";
import { ErrorState } from "@/ui/states";

const sum = (costs: PluginCost[], key: "calls" | "failures" | "cpu_us" | "wall_us") =>
  costs.reduce((total, cost) => total + cost[key], 0);

export function CostTab({ id }: { id: string }) {
  const { t } = useTranslation(["plugins", "common"]);
  const query = useQuery(pluginCostQuery(id));
  const costs = query.data ?? [];
  const time = (us: number) => t("plugins:ms", { ms: formatNumber(us / 1_000, us < 10_000 ? 2 : 0) });
  const perCall = (us: number, calls: number) => (calls > 0 ? time(us / calls) : "—");
  const columns: Column<PluginCost>[] = [
    { key: "point", label: t("plugins:point"), grow: true, render: (cost) => <Code>{cost.point}</Code> },
    { key: "calls", label: t("plugins:calls"), numeric: true, render: (cost) => formatNumber(cost.calls) },
    {
      key: "failures",
      label: t("plugins:failures"),
      numeric: true,
      render: (cost) => formatNumber(cost.failures),
    },
    { key: "cpu", label: t("plugins:cpu"), numeric: true, render: (cost) => time(cost.cpu_us) },
    { key: "wall", label: t("plugins:wall"), numeric: true, render: (cost) => time(cost.wall_us) },
    {
      key: "each",
      label: t("plugins:per_call"),
      numeric: true,
      render: (cost) => perCall(cost.wall_us, cost.calls),
    },
    {
      key: "host",
      label: t("plugins:host_calls"),
      numeric: true,
      render: (cost) => formatNumber(cost.host_calls),
    },
    { key: "rows", label: t("plugins:rows"), numeric: true, render: (cost) => formatNumber(cost.rows) },
  ];
  if (query.isPending) return <BlockBones label={t("common:loading")} rows={3} />;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (costs.length === 0) return <Lead>{t("plugins:cost_empty")}</Lead>;
  const calls = sum(costs, "calls");
  const failures = sum(costs, "failures");
  return (
    <Block title={t("plugins:cost_title")} note={t("plugins:cost_note")}>
      <Figures
        items={[
          { label: t("plugins:calls"), value: formatNumber(calls) },
          {
            label: t("plugins:failures"),
            value: formatNumber(failures),
            tone: failures > 0 ? "danger" : "plain",
          },
          { label: t("plugins:cpu"), value: time(sum(costs, "cpu_us")) },
          { label: t("plugins:per_call"), value: perCall(sum(costs, "wall_us"), calls) },
        ]}
      />
      <DataTable
        label={t("plugins:cost_title")}
        columns={columns}
        rows={costs}
        keyOf={(cost) => cost.point}
      />
    </Block>
  );
}
