/** E-mail and password, the code of a second factor, and the choice of a company when the e-mail belongs to several. */
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { signIn } from "@/api/session";
import type { Body, Me } from "@/api/types";
import { PasswordInput } from "@/ui/password";
import { CompanyList, Form, FormProblem } from "@/ui/sign-in";
import { CodeInput } from "./code-input";

const codeRefusals = ["auth.code_required", "auth.wrong_code"];

interface Props {
  /** The e-mail is known and kept: the session ended under this person. */
  email?: string;
  tenant?: string;
  onDone(me: Me): void;
}

export function SignInForm({ email: known, tenant, onDone }: Props) {
  const { t } = useTranslation(["session", "common"]);
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [chosenTenant, choose] = useState(tenant);
  const attempt = useMutation({ mutationFn: signIn, onSuccess: onDone });
  const refusal = attempt.error instanceof ApiError ? attempt.error.code : undefined;
  // Asked for until somebody else signs in: a wrong code, or none, must not hide the field again.
  const [coded, setCoded] = useState(false);
  if (!coded && refusal && codeRefusals.includes(refusal)) setCoded(true);
  const companies =
    attempt.error instanceof ApiError && attempt.error.code === "auth.choose_tenant"
      ? (attempt.error.problem.tenants ?? [])
      : [];
  const submit = (company = chosenTenant) => {
    const credentials: Body<"SignInBody"> = { email: email.trim(), password };
    if (company) credentials.tenant = company;
    if (coded && code.trim()) credentials.totp = code.trim();
    choose(company);
    attempt.mutate(credentials);
  };

  if (companies.length > 0) {
    return (
      <CompanyList>
        <span>{t("session:choose_company")}</span>
        {companies.map((company) => (
          <Button key={company.slug} variant="default" size="sm" onClick={() => submit(company.slug)}>
            {company.name}
          </Button>
        ))}
        <Button
          variant="subtle"
          onClick={() => {
            choose(tenant);
            attempt.reset();
          }}
        >
          {t("session:other_account")}
        </Button>
      </CompanyList>
    );
  }

  return (
    <Form onSubmit={() => submit()} label={t("session:title")}>
      {attempt.error && <FormProblem>{messageOf(attempt.error, t("common:network"))}</FormProblem>}
      <TextInput
        label={t("session:email")}
        type="email"
        name="email"
        autoComplete="username"
        required
        withAsterisk={false}
        readOnly={known !== undefined}
        autoFocus={known === undefined}
        value={email}
        onChange={(event) => {
          setEmail(event.currentTarget.value);
          setCoded(false);
          choose(tenant);
          attempt.reset();
        }}
      />
      <PasswordInput
        label={t("session:password")}
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        autoFocus={known !== undefined}
        data-autofocus={known !== undefined || undefined}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {coded && <CodeInput key="code" value={code} onChange={setCode} />}
      <Button type="submit" size="sm" fullWidth loading={attempt.isPending}>
        {t("session:submit")}
      </Button>
    </Form>
  );
}
