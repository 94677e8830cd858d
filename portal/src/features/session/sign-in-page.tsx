/** `/sign-in`: the only page a stranger sees. Leads back to where the person was going. */
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Me } from "@/api/types";
import { currentLocale, locales, showLocale } from "@/i18n";
import { LanguageButton, SignInCard } from "@/ui/sign-in";
import { SignInForm } from "./sign-in-form";

const route = getRouteApi("/sign-in");

export default function SignInPage() {
  const { t, i18n } = useTranslation("session");
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
    <SignInCard
      title={t("title")}
      subtitle={t("subtitle")}
      below={locales.map(({ code, name }) => (
        <LanguageButton
          key={code}
          lang={code}
          pressed={i18n.language === code}
          onClick={() => void showLocale(code)}
        >
          {name}
        </LanguageButton>
      ))}
    >
      <SignInForm onDone={(me) => void done(me)} />
    </SignInCard>
  );
}
