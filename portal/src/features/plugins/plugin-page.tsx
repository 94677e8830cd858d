/** `/plugins/{id}`: one plugin with everything an administrator decides on; the tab is in the address. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconArrowLeft,
  IconDots,
  IconDownload,
  IconPower,
  IconRefresh,
  IconTrash,
  IconTrashX,
} from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { disablePlugin, enablePlugin, pluginExportUrl, pluginQuery, uninstallPlugin } from "@/api/plugins";
import { useMe } from "@/api/session";
import type { PluginDetail } from "@/api/types";
import { type PluginTab, pluginTabs } from "@/state/search";
import { Block, BlockBones, Code, Facts, Lead, Notice } from "@/ui/block";
import { NotFound } from "@/ui/not-found";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { ViewTab, ViewTabs } from "@/ui/table";
import { toast, toastError } from "@/ui/toast";
import { BringsTab } from "./brings-tab";
import { CallsTab } from "./calls-tab";
import { EnableDialog } from "./enable";
import { GateTab } from "./gate-tab";
import { LevelTag, StateTag, useCategory } from "./level";
import { Permissions } from "./permissions";
import { PurgeDialog } from "./purge";
import { RoutesTab } from "./routes-tab";
import { SettingsTab } from "./settings-tab";

const CostTab = lazy(() => import("./cost-tab").then((tab) => ({ default: tab.CostTab })));
const JobsTab = lazy(() => import("./jobs-tab"));
const LogsTab = lazy(() => import("./logs-tab").then((tab) => ({ default: tab.LogsTab })));
const route = getRouteApi("/shell/plugins/$id");

export default function PluginPage() {
  const { t } = useTranslation(["plugins", "common", "shell"]);
  const me = useMe();
  const { id } = route.useParams();
  const query = useQuery({ ...pluginQuery(id), enabled: me.admin });
  if (!me.admin) return <NotFound />;
  if (query.data) return <Plugin key={query.data.id} plugin={query.data} />;
  return (
    <>
      <PageHeader icon={<BackLink />} title={t("shell:plugins")} />
      <PageBody>
        {query.isError ? (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        ) : (
          <BlockBones label={t("common:loading")} />
        )}
      </PageBody>
    </>
  );
}

function BackLink() {
  const { t } = useTranslation("plugins");
  return (
    <ActionIcon component={Link} to="/plugins" aria-label={t("to_all")}>
      <IconArrowLeft size={18} />
    </ActionIcon>
  );
}

function Plugin({ plugin }: { plugin: PluginDetail }) {
  const { t } = useTranslation("plugins");
  const navigate = route.useNavigate();
  const { tab = "overview" } = route.useSearch();
  const [enabling, setEnabling] = useState(false);
  const show = (next: PluginTab) =>
    void navigate({ search: next === "overview" ? {} : { tab: next }, replace: true });
  return (
    <>
      <PageHeader
        icon={<BackLink />}
        title={plugin.title}
        actions={<Actions plugin={plugin} onEnable={() => setEnabling(true)} />}
      />
      <ViewTabs label={plugin.title}>
        {pluginTabs.map((one) => (
          <ViewTab key={one} active={one === tab} onClick={() => show(one)}>
            {t(`tab_${one}`)}
          </ViewTab>
        ))}
      </ViewTabs>
      <PageBody>
        {tab === "overview" && <Overview plugin={plugin} onEnable={() => setEnabling(true)} />}
        {tab === "brings" && <BringsTab plugin={plugin} />}
        {tab === "permissions" && (
          <Block title={t("permissions")} note={t("permissions_note")}>
            <Permissions permissions={plugin.permissions} />
          </Block>
        )}
        {tab === "gate" && <GateTab plugin={plugin} onEnable={() => setEnabling(true)} />}
        {tab === "settings" && <SettingsTab plugin={plugin} onEnable={() => setEnabling(true)} />}
        {tab === "calls" && <CallsTab plugin={plugin} />}
        {tab === "routes" && <RoutesTab plugin={plugin} />}
        {tab === "jobs" && (
          <Suspense fallback={<BlockBones label={t("tab_jobs")} />}>
            <JobsTab id={plugin.id} />
          </Suspense>
        )}
        {tab === "logs" && (
          <Suspense fallback={<BlockBones label={t("tab_logs")} />}>
            <LogsTab id={plugin.id} />
          </Suspense>
        )}
        {tab === "cost" && (
          <Suspense fallback={<BlockBones label={t("tab_cost")} />}>
            <CostTab id={plugin.id} />
          </Suspense>
        )}
      </PageBody>
      {enabling && <EnableDialog plugin={plugin} onClose={() => setEnabling(false)} />}
    </>
  );
}

function Actions({ plugin, onEnable }: { plugin: PluginDetail; onEnable(): void }) {
  const { t } = useTranslation(["plugins", "common"]);
  const navigate = useNavigate();
  const [purging, setPurging] = useState(false);
  const again = async () => {
    try {
      await enablePlugin(plugin.id, plugin.version);
    } catch (error) {
      toastError(error, plugin.title);
    }
  };
  const disable = useMutation({
    mutationFn: () => disablePlugin(plugin.id),
    onSuccess: () =>
      toast({
        message: t("plugins:switched_off", { title: plugin.title }),
        action: { label: t("common:undo"), run: () => void again() },
      }),
    onError: (error) => toastError(error, plugin.title),
  });
  const uninstall = useMutation({
    mutationFn: () => uninstallPlugin(plugin.id),
    onSuccess: () => {
      toast({ message: t("plugins:uninstalled", { title: plugin.title }) });
      void navigate({ to: "/plugins" });
    },
    onError: (error) => toastError(error, t("plugins:not_uninstalled", { title: plugin.title })),
  });
  return (
    <>
      {plugin.enabled ? (
        <Button
          variant="default"
          aria-label={t("plugins:switch_off")}
          loading={disable.isPending}
          onClick={() => disable.mutate()}
        >
          <IconText icon={<IconPower size={16} />}>{t("plugins:switch_off")}</IconText>
        </Button>
      ) : (
        <Button onClick={onEnable}>{t("plugins:switch_on")}</Button>
      )}
      <Menu width={280} position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={t("plugins:actions")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {plugin.enabled ? t("plugins:uninstall_first_off") : t("plugins:uninstall_note")}
          </Menu.Label>
          {(["xlsx", "jsonl"] as const).map((as) => (
            <Menu.Item
              key={as}
              component="a"
              href={pluginExportUrl(plugin.id, as)}
              download
              leftSection={<IconDownload size={16} />}
            >
              {t(`plugins:save_${as}`)}
            </Menu.Item>
          ))}
          <Menu.Item
            leftSection={<IconTrash size={16} />}
            disabled={plugin.enabled || uninstall.isPending}
            onClick={() => uninstall.mutate()}
          >
            {t("plugins:uninstall")}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrashX size={16} />}
            disabled={plugin.enabled}
            onClick={() => setPurging(true)}
          >
            {t("plugins:purge")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {purging && <PurgeDialog plugin={plugin} onClose={() => setPurging(false)} />}
    </>
  );
}

function Overview({ plugin, onEnable }: { plugin: PluginDetail; onEnable(): void }) {
  const { t } = useTranslation("plugins");
  const categoryOf = useCategory();
  return (
    <>
      {plugin.state === "failing" && (
        <Notice
          tone="danger"
          title={t("failing_title")}
          action={
            <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={onEnable}>
              {t("try_again")}
            </Button>
          }
        >
          {t("failing_text", { points: plugin.problem ?? "" })}
        </Notice>
      )}
      {plugin.state === "failed" && (
        <Notice tone="danger" title={t("failed_title")}>
          {t("failed_text", { reason: plugin.problem ?? "" })}
        </Notice>
      )}
      {plugin.available && (
        <Notice
          tone="accent"
          title={t("update_title", { version: plugin.available })}
          action={<Button onClick={onEnable}>{t("update")}</Button>}
        >
          {t("update_text", { version: plugin.version })}
        </Notice>
      )}
      {!plugin.enabled && <Notice title={t("off_title")}>{t("off_text")}</Notice>}
      <Lead>{plugin.description}</Lead>
      <Facts
        items={[
          { label: t("state"), value: <StateTag state={plugin.state} /> },
          {
            label: t("level"),
            value: (
              <>
                <LevelTag level={plugin.level} /> {t(`level_${plugin.level}_text`)}
              </>
            ),
          },
          { label: t("version"), value: plugin.version },
          { label: t("category"), value: categoryOf(plugin.category) },
          { label: t("id"), value: <Code>{plugin.id}</Code> },
        ]}
      />
    </>
  );
}
