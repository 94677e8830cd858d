/** `/sign-in`: the only page a stranger sees. Leads back to where the person was going, and says what a provider's word did
 * not open. */
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Me } from "@/api/types";
import { currentLocale, showLocale } from "@/i18n";
import { anchorClass, FormProblem, SignInCard } from "@/ui/sign-in";
import { Languages } from "./languages";
import { ProviderButtons } from "./provider-buttons";
import { ProviderCode } from "./provider-code";
import { placeOf, refusalOf, rememberCompany } from "./provider-model";
import { SignInForm } from "./sign-in-form";

const route = getRouteApi("/sign-in");

export default function SignInPage() {
  const { t } = useTranslation("session");
  const { next, refused, code, company } = route.useSearch();
  const router = useRouter();
  useEffect(() => {
    document.title = `${t("title")} · Verstak`;
  }, [t]);

  const enter = (place: string | undefined) => {
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
    router.history.push(placeOf(place));
  };
  const done = async (me: Me) => {
    rememberCompany(me.tenant.slug);
    await showLocale(me.user.locale ?? me.tenant.locale ?? currentLocale());
    enter(next);
  };

  if (code) {
    return (
      <SignInCard title={t("title")} subtitle={t("code_text")} below={<Languages />}>
        <ProviderCode
          onDone={(place) => {
            queryClient.removeQueries({ queryKey: keys.me });
            enter(place);
          }}
        />
      </SignInCard>
    );
  }
  const refusal = refusalOf(refused);
  return (
    <SignInCard title={t("title")} subtitle={t("subtitle")} below={<Languages />}>
      {refusal && <FormProblem>{t(`refused_${refusal}`)}</FormProblem>}
      <SignInForm onDone={(me) => void done(me)} />
      <ProviderButtons next={placeOf(next)} company={company} />
      <Link to="/forgotten" className={anchorClass}>
        {t("forgotten")}
      </Link>
    </SignInCard>
  );
}
