/** When the plugin's code runs: before saves, in their order, and after events. */
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { PluginDetail } from "@/api/types";
import { Block, Code, type Column, DataTable, Lead } from "@/ui/block";
import { BreakerTag } from "./level";

type Hook = PluginDetail["hooks"][number];
type Event = PluginDetail["events"][number];
const operations = ["create", "update", "delete", "restore"] as const;

export function CallsTab({ plugin }: { plugin: PluginDetail }) {
  const { t } = useTranslation("plugins");
  const entities = useEntities();
  const entityName = (key: string) => entities.find((entity) => entity.key === key)?.label_plural ?? key;
  const operationName = (name: string) => {
    const known = operations.find((operation) => operation === name);
    return known ? t(`operation_${known}`) : name;
  };
  const hooks: Column<Hook>[] = [
    { key: "id", label: t("hook"), render: (hook) => <Code>{hook.id}</Code> },
    { key: "entity", label: t("entity"), render: (hook) => entityName(hook.entity) },
    {
      key: "operations",
      label: t("operations"),
      render: (hook) => hook.operations.map(operationName).join(", "),
    },
    {
      key: "when",
      label: t("when"),
      grow: true,
      render: (hook) => (hook.when ? <Code>{hook.when}</Code> : t("always")),
    },
    { key: "order", label: t("order"), numeric: true, render: (hook) => hook.order },
    { key: "state", label: t("state"), render: (hook) => <BreakerTag breaker={hook.breaker} /> },
  ];
  const events: Column<Event>[] = [
    { key: "id", label: t("event"), render: (event) => <Code>{event.id}</Code> },
    { key: "on", label: t("event_on"), grow: true, render: (event) => <Code>{event.on.join(", ")}</Code> },
    { key: "state", label: t("state"), render: (event) => <BreakerTag breaker={event.breaker} /> },
  ];
  if (plugin.hooks.length + plugin.events.length === 0) return <Lead>{t("calls_none")}</Lead>;
  return (
    <>
      {plugin.hooks.length > 0 && (
        <Block title={t("hooks")} note={t("hooks_note")}>
          <DataTable label={t("hooks")} columns={hooks} rows={plugin.hooks} keyOf={(hook) => hook.id} />
        </Block>
      )}
      {plugin.events.length > 0 && (
        <Block title={t("events")} note={t("events_note")}>
          <DataTable label={t("events")} columns={events} rows={plugin.events} keyOf={(event) => event.id} />
        </Block>
      )}
    </>
  );
}
