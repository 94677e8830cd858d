/** `/app/{plugin}/{page}`: a page that a plugin declared. Its parameters are the address's. */
import { IconPuzzle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { pagesQuery } from "@/api/pages";
import { BlockBones } from "@/ui/block";
import { NotFound } from "@/ui/not-found";
import { PageBody, PageHeader } from "@/ui/page";
import { ErrorState } from "@/ui/states";

/** What draws blocks is loaded beside the question which pages there are. */
const Surface = lazy(() => import("./surface"));
const SurfaceIcon = lazy(() => import("@/ui/surface-icons"));
const route = getRouteApi("/shell/app/$plugin/$page");

export default function PluginPage() {
  const { t } = useTranslation("common");
  const { plugin, page } = route.useParams();
  const query = useQuery(pagesQuery);
  const surface = query.data?.surfaces.find(
    (one) => one.plugin === plugin && one.id === page && one.slot === "nav.page",
  );
  if (query.data && !surface) return <NotFound />;
  return (
    <>
      <PageHeader icon={<Icon name={surface?.icon} />} title={surface?.title ?? ""} />
      <PageBody wide>
        {surface ? (
          <Suspense fallback={<BlockBones label={t("loading")} />}>
            <Surface
              // Another tree is another page: what was typed in the old one is kept by its drafts.
              key={`${plugin} ${page} ${surface.tree_hash}`}
              surface={surface}
              texts={query.data?.texts[plugin] ?? {}}
            />
          </Suspense>
        ) : query.isError ? (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        ) : (
          <BlockBones label={t("loading")} />
        )}
      </PageBody>
    </>
  );
}

function Icon({ name }: { name: string | null | undefined }) {
  const piece = <IconPuzzle size={18} aria-hidden />;
  if (!name) return piece;
  return (
    <Suspense fallback={piece}>
      <SurfaceIcon name={name} size={18} />
    </Suspense>
  );
}
