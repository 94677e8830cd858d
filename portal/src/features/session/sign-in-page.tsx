/** `/sign-in`: the only page a stranger sees. Leads back to where the person was going. */
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Me } from "@/api/types";
import { currentLocale, showLocale } from "@/i18n";
import { anchorClass, SignInCard } from "@/ui/sign-in";
import { Languages } from "./languages";
import { SignInForm } from "./sign-in-form";

const route = getRouteApi("/sign-in");

export default function SignInPage() {
  const { t } = useTranslation("session");
  const { next } = route.useSearch();
  const router = useRouter();
  useEffect(() => {
    document.title = `${t("title")} · Verstak`;
  }, [t]);

  const done = async (me: Me) => {
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
    await showLocale(me.user.locale ?? me.tenant.locale ?? currentLocale());
    // Only paths of this portal; anything else would be an open redirect.
    const target = next && /^\/(?![/\\])/.test(next) ? next : "/";
    router.history.push(target);
  };

  return (
    <SignInCard title={t("title")} subtitle={t("subtitle")} below={<Languages />}>
      <SignInForm onDone={(me) => void done(me)} />
      <Link to="/forgotten" className={anchorClass}>
        {t("forgotten")}
      </Link>
    </SignInCard>
  );
}
