/** `/forgotten`: a letter with a link for whoever forgot their password. It never tells whether there is such an account. */
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { forgotPassword } from "@/api/session";
import { anchorClass, Form, FormProblem, SignInCard } from "@/ui/sign-in";
import { Languages } from "./languages";

export default function ForgottenPage() {
  const { t } = useTranslation(["session", "common"]);
  const [email, setEmail] = useState("");
  const ask = useMutation({ mutationFn: () => forgotPassword(email.trim()) });
  useEffect(() => {
    document.title = `${t("session:forgotten_title")} · Verstak`;
  }, [t]);
  return (
    <SignInCard
      title={t("session:forgotten_title")}
      subtitle={ask.isSuccess ? t("session:forgotten_sent", { email }) : t("session:forgotten_text")}
      below={<Languages />}
    >
      {!ask.isSuccess && (
        <Form onSubmit={() => ask.mutate()} label={t("session:forgotten_title")}>
          {ask.error && <FormProblem>{messageOf(ask.error, t("common:network"))}</FormProblem>}
          <TextInput
            label={t("session:email")}
            type="email"
            name="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" fullWidth loading={ask.isPending}>
            {t("session:forgotten_submit")}
          </Button>
        </Form>
      )}
      <Link to="/sign-in" className={anchorClass}>
        {t("session:back")}
      </Link>
    </SignInCard>
  );
}
