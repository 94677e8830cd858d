/**
 * `/welcome#secret`: where a personal link leads. Whoever opens it sets their password and signs in with it. The secret
 * leaves the address bar at once, so that it stays in no history.
 */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { passwordByLink, signIn, signInLinkQuery } from "@/api/session";
import { showLocale } from "@/i18n";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { PasswordInput } from "@/ui/password";
import { anchorClass, Form, FormProblem, SignInCard } from "@/ui/sign-in";
import { PageSkeleton } from "@/ui/states";
import { Languages } from "./languages";
import { ProviderButtons } from "./provider-buttons";
import { SignInForm } from "./sign-in-form";

export default function WelcomePage() {
  const { t } = useTranslation(["session", "common"]);
  const [secret] = useState(() => window.location.hash.slice(1));
  const router = useRouter();
  useEffect(() => {
    document.title = "Verstak";
    window.history.replaceState(window.history.state, "", window.location.pathname);
  }, []);
  const link = useQuery(signInLinkQuery(secret));
  const locale = link.data?.locale;
  useEffect(() => {
    if (locale) void showLocale(locale);
  }, [locale]);
  const [values, setValues] = useState({ next: "", again: "" });
  const [differ, setDiffer] = useState(false);
  const put = (part: Partial<typeof values>) => {
    setDiffer(false);
    setValues((old) => ({ ...old, ...part }));
  };
  const enter = () => {
    queryClient.removeQueries({ queryKey: ["sign-in-link"] });
    router.history.push("/");
  };
  const save = useMutation({
    mutationFn: async () => {
      const person = await passwordByLink(secret, values.next);
      // With a second factor the code is still to be typed: the form below asks for it.
      await signIn({ email: person.email, password: values.next, tenant: person.tenant }).then(
        enter,
        () => undefined,
      );
      return person;
    },
  });

  if (link.isPending) return <PageSkeleton />;
  if (link.isError) {
    return (
      <SignInCard
        title={t("session:link_gone")}
        subtitle={messageOf(link.error, t("common:network"))}
        below={<Languages />}
      >
        <Link to="/forgotten" className={anchorClass}>
          {t("session:forgotten")}
        </Link>
        <Link to="/sign-in" className={anchorClass}>
          {t("session:back")}
        </Link>
      </SignInCard>
    );
  }
  const { name, company, email, tenant } = link.data;
  if (save.isSuccess) {
    return (
      <SignInCard title={t("session:title")} subtitle={t("session:password_set")} below={<Languages />}>
        <SignInForm email={email} tenant={tenant} onDone={enter} />
        <ProviderButtons next="/" company={tenant} known />
      </SignInCard>
    );
  }
  const refusal = generalRefusal(save.error, ["password"], t("common:network"));
  return (
    <SignInCard
      title={t("session:welcome", { name })}
      subtitle={t("session:welcome_text", { company, email })}
      below={<Languages />}
    >
      <Form
        label={t("session:welcome", { name })}
        onSubmit={() => (values.next === values.again ? save.mutate() : setDiffer(true))}
      >
        {refusal && <FormProblem>{refusal}</FormProblem>}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput
          label={t("session:new_password")}
          name="next"
          autoComplete="new-password"
          autoFocus
          value={values.next}
          error={fieldRefusal(save.error, "password")}
          onChange={(event) => put({ next: event.currentTarget.value })}
        />
        <PasswordInput
          label={t("session:new_password_again")}
          name="again"
          autoComplete="new-password"
          value={values.again}
          error={differ ? t("session:passwords_differ") : undefined}
          onChange={(event) => put({ again: event.currentTarget.value })}
        />
        <Button type="submit" size="sm" fullWidth loading={save.isPending}>
          {t("session:set_password")}
        </Button>
      </Form>
      <ProviderButtons next="/" company={tenant} known />
    </SignInCard>
  );
}
