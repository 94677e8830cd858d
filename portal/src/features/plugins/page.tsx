/** `/plugins`: everything installed, with its state; installing from a file. Administrators only. */
import { Button } from "@mantine/core";
import { IconPuzzle, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pluginsQuery } from "@/api/plugins";
import { useMe } from "@/api/session";
import type { Plugin } from "@/api/types";
import { Block, BlockBones, ItemBody, ItemList, itemClass, Lead, Tag } from "@/ui/block";
import { NotFound } from "@/ui/not-found";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { InstallDialog, InstallDrop } from "./install";
import { LevelTag, StateTag, useCategory } from "./level";

export default function PluginsPage() {
  const me = useMe();
  return me.admin ? <Plugins /> : <NotFound />;
}

function Plugins() {
  const { t } = useTranslation(["plugins", "common", "shell"]);
  const query = useQuery(pluginsQuery);
  const [installing, setInstalling] = useState(false);
  const plugins = query.data ?? [];
  return (
    <>
      <PageHeader
        icon={<IconPuzzle size={18} />}
        title={t("shell:plugins")}
        actions={
          plugins.length > 0 && (
            <Button aria-label={t("plugins:install")} onClick={() => setInstalling(true)}>
              <IconText icon={<IconUpload size={16} />}>{t("plugins:install")}</IconText>
            </Button>
          )
        }
      />
      <PageBody>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && plugins.length === 0 && (
          <>
            <Lead>{t("plugins:empty")}</Lead>
            <InstallDrop />
          </>
        )}
        <Group title={t("plugins:group_on")} plugins={plugins.filter((plugin) => plugin.enabled)} />
        <Group title={t("plugins:group_off")} plugins={plugins.filter((plugin) => !plugin.enabled)} />
      </PageBody>
      {installing && <InstallDialog onClose={() => setInstalling(false)} />}
    </>
  );
}

function Group({ title, plugins }: { title: string; plugins: Plugin[] }) {
  const { t } = useTranslation("plugins");
  const categoryOf = useCategory();
  if (plugins.length === 0) return null;
  return (
    <Block title={title}>
      <ItemList>
        {plugins.map((plugin) => (
          <Link
            key={plugin.id}
            to="/plugins/$id"
            params={{ id: plugin.id }}
            className={itemClass}
            data-testid={`plugin-${plugin.id}`}
          >
            <ItemBody
              icon={<IconPuzzle size={18} />}
              title={plugin.title}
              tags={
                <>
                  <StateTag state={plugin.state} />
                  <LevelTag level={plugin.level} />
                  {plugin.available && (
                    <Tag tone="accent">{t("available", { version: plugin.available })}</Tag>
                  )}
                </>
              }
              note={
                <>
                  {plugin.description}
                  {plugin.problem && (
                    <>
                      <br />
                      {t("fails_at", { points: plugin.problem })}
                    </>
                  )}
                </>
              }
              aside={
                <>
                  {plugin.version}
                  <br />
                  {categoryOf(plugin.category)}
                </>
              }
            />
          </Link>
        ))}
      </ItemList>
    </Block>
  );
}
