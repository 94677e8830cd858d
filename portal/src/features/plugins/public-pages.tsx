/** Pages of a module for people without an account: each is closed until an administrator opens it. */
import { Button, Switch } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { openPublicPage, type PublicPage, publicPagesQuery } from "@/api/public";
import type { PluginDetail } from "@/api/types";
import { Block, BlockBones, ItemBody, ItemLine, ItemList } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";

const PublicLinks = lazy(() => import("./public-links"));

export function PublicPages({ plugin }: { plugin: PluginDetail }) {
  const { t } = useTranslation("plugins");
  const pages = useQuery(publicPagesQuery(plugin.id));
  if (pages.isError && !pages.data) {
    return <ErrorState error={pages.error} retry={() => void pages.refetch()} />;
  }
  if (!pages.data?.length) return null;
  const linked = plugin.permissions.some(({ key }) => key === "links");
  return (
    <Block title={t("public_pages")} note={t("public_note")}>
      <ItemList>
        {pages.data.map((page) => (
          <Page key={page.id} plugin={plugin.id} page={page} linked={linked} />
        ))}
      </ItemList>
    </Block>
  );
}

interface PageProps {
  plugin: string;
  page: PublicPage;
  /** Whether the module makes personal links. */
  linked: boolean;
}

function Page({ plugin, page, linked }: PageProps) {
  const { t } = useTranslation(["plugins", "common"]);
  const [shown, setShown] = useState(false);
  const list = useId();
  const change = useMutation({
    mutationFn: (open: boolean) => openPublicPage(plugin, page.id, open),
    onError: (error) => toastError(error, page.title),
  });
  return (
    <>
      <ItemLine>
        <ItemBody
          title={page.title}
          note={
            page.open ? (
              <CopyLine label={t("plugins:address")} value={location.origin + page.path} />
            ) : (
              t("plugins:public_is_closed")
            )
          }
          aside={
            <>
              {linked && (
                <Button
                  variant="subtle"
                  color="gray"
                  size="compact-sm"
                  aria-label={t("plugins:links_of", { title: page.title })}
                  aria-expanded={shown}
                  aria-controls={list}
                  onClick={() => setShown(!shown)}
                >
                  {t("plugins:links")}
                </Button>
              )}
              <Switch
                aria-label={t("plugins:public_open", { title: page.title })}
                checked={change.isPending ? change.variables : page.open}
                disabled={change.isPending}
                onChange={(event) => change.mutate(event.currentTarget.checked)}
              />
            </>
          }
        />
      </ItemLine>
      {shown && (
        <div id={list}>
          <Suspense fallback={<BlockBones label={t("common:loading")} rows={2} />}>
            <PublicLinks plugin={plugin} page={page} />
          </Suspense>
        </div>
      )}
    </>
  );
}
