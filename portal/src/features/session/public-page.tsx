/**
 * `/p/{company}/{plugin}/{page}`: a page of a plugin for people without an account. It knows nothing of whoever looks,
 * signed in or not, but what a personal link opens it for (behind `#`, which no server's log is told). What was sent is
 * forgotten here, for the next one at this screen is another person.
 */
import { Button } from "@mantine/core";
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { getRouteApi, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { ApiError, messageOf } from "@/api/problem";
import { type PublicPlace, type PublicView, publicQuery } from "@/api/public";
import type { Me } from "@/api/types";
import { BlockPage } from "@/engines/blocks/page";
import type { Tree } from "@/engines/blocks/tree";
import { currentLocale } from "@/i18n";
import { GuestSheet } from "@/ui/guest";
import { SignInCard } from "@/ui/sign-in";
import { PageSkeleton } from "@/ui/states";
import { Languages } from "./languages";
import { publicBackend } from "./public-backend";

const route = getRouteApi("/p/$company/$plugin/$page");

/** What editors of fields ask about the viewer and the company, answered with nothing: nobody is signed in here. */
const strangers = new QueryClient({ defaultOptions: { queries: { gcTime: Number.POSITIVE_INFINITY } } });
strangers.setQueryData(keys.me, { tenant: { currency: "EUR" } } as unknown as Me);
strangers.setQueryData(keys.entities, []);

export default function PublicPage() {
  const { t } = useTranslation(["guests", "common"]);
  const path = route.useParams();
  const link = useLocation({ select: ({ hash }) => hash });
  const place: PublicPlace = link ? { ...path, link } : path;
  const view = useQuery(publicQuery(place, currentLocale()));
  const title = view.data?.title;
  useEffect(() => {
    document.title = title ?? "Verstak";
  }, [title]);
  if (view.isPending) return <PageSkeleton />;
  const answer = view.error instanceof ApiError ? view.error : undefined;
  const closed = answer?.problem.code === "public.closed";
  const gone = answer?.status === 404;
  // A line that is lost for a moment takes away nothing that is being typed.
  if (view.isError && (gone || closed || !view.data)) {
    const words = gone ? t("guests:page_gone_text") : messageOf(view.error, t("common:network"));
    return (
      <SignInCard
        title={t(gone ? "guests:page_gone" : closed ? "guests:page_closed" : "guests:failed")}
        subtitle={words}
        below={<Languages />}
      >
        {!gone && <Button onClick={() => void view.refetch()}>{t("common:retry")}</Button>}
      </SignInCard>
    );
  }
  return (
    <GuestSheet title={view.data.title} subtitle={view.data.company} below={<Languages />}>
      <Sheet
        key={`${place.company} ${place.plugin} ${place.page} ${link}`}
        place={place}
        view={view.data}
        renew={view.refetch}
      />
    </GuestSheet>
  );
}

function Sheet({ place, view, renew }: { place: PublicPlace; view: PublicView; renew(): Promise<unknown> }) {
  const navigate = useNavigate();
  const params = route.useSearch();
  const { company, plugin, page, link } = place;
  const backend = useMemo(
    () => publicBackend(link ? { company, plugin, page, link } : { company, plugin, page }, renew),
    [company, plugin, page, link, renew],
  );
  return (
    <QueryClientProvider client={strangers}>
      <BlockPage
        tree={view.tree as unknown as Tree}
        tree_hash={view.tree_hash}
        backend={backend}
        plugin={plugin}
        pluginTitle={view.title}
        surface={page}
        texts={view.texts}
        locale={currentLocale()}
        params={params}
        onParams={(next, replace) =>
          void navigate({
            to: "/p/$company/$plugin/$page",
            params: { company, plugin, page },
            search: next,
            replace,
            ...(link ? { hash: link } : {}),
          })
        }
        forgets
      />
    </QueryClientProvider>
  );
}
