/** What the plugin wrote and what failed, newest first; kept fresh while the page is looked at. */
import { SegmentedControl, Switch } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pluginLogsQuery } from "@/api/plugins";
import type { LogLevel, LogLine } from "@/api/types";
import { formatDateTime, formatNumber, formatTime } from "@/i18n/format";
import {
  BlockBones,
  Code,
  type Column,
  DataTable,
  Lead,
  LogText,
  Secondary,
  Tag,
  type Tone,
} from "@/ui/block";
import { ShowMore } from "@/ui/more";
import { ErrorState } from "@/ui/states";
import { Toolbar, ToolbarGap } from "@/ui/table";

const levels: LogLevel[] = ["debug", "info", "warning", "error"];
const tones: Record<LogLevel, Tone> = { debug: "plain", info: "plain", warning: "warn", error: "danger" };
const refresh_ms = 3_000;

export function LogsTab({ id }: { id: string }) {
  const { t } = useTranslation(["plugins", "common"]);
  const [level, setLevel] = useState<LogLevel>("debug");
  const [live, setLive] = useState(true);
  const query = useInfiniteQuery({
    ...pluginLogsQuery(id, level),
    refetchInterval: live ? refresh_ms : false,
  });
  const lines = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns: Column<LogLine>[] = [
    {
      key: "at",
      label: t("plugins:log_at"),
      render: (line) => <time title={formatDateTime(line.at)}>{formatTime(line.at)}</time>,
    },
    {
      key: "level",
      label: t("plugins:log_level"),
      render: (line) => (
        <Tag tone={tones[line.level] ?? "plain"}>{t(`plugins:level_of_log_${line.level}`)}</Tag>
      ),
    },
    { key: "point", label: t("plugins:point"), render: (line) => <Code>{line.point}</Code> },
    {
      key: "message",
      label: t("plugins:log_message"),
      grow: true,
      render: (line) => <LogText>{line.message}</LogText>,
    },
    {
      key: "duration",
      label: t("plugins:log_duration"),
      numeric: true,
      render: (line) =>
        typeof line.duration_us === "number" ? (
          <Secondary>{t("plugins:ms", { ms: formatNumber(line.duration_us / 1_000) })}</Secondary>
        ) : null,
    },
  ];
  return (
    <>
      <Toolbar>
        <SegmentedControl
          aria-label={t("plugins:log_least")}
          value={level}
          onChange={(next) => setLevel(next as LogLevel)}
          data={levels.map((one) => ({ value: one, label: t(`plugins:log_from_${one}`) }))}
        />
        <ToolbarGap />
        <Switch
          size="xs"
          label={t("plugins:log_live")}
          checked={live}
          onChange={(event) => setLive(event.currentTarget.checked)}
        />
      </Toolbar>
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && lines.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && lines.length === 0 && <Lead>{t("plugins:log_empty")}</Lead>}
      {lines.length > 0 && (
        <DataTable label={t("plugins:tab_logs")} columns={columns} rows={lines} keyOf={(line) => line.id} />
      )}
      <ShowMore of={query} label={t("plugins:log_more")} />
    </>
  );
}
