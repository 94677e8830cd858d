/** Ways in without a password: the company's providers, after its name where several companies live here. */
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { beginProvider, signInOfferQuery } from "@/api/session";
import type { Id } from "@/api/types";
import { CompanyList, Form, FormProblem } from "@/ui/sign-in";
import { rememberCompany, rememberedCompany } from "./provider-model";

interface Props {
  /** Where the person was going. */
  next: string;
  /** The company's short name, where the address says it. */
  company?: string;
  /** Whether it is this company and no other: nobody is asked for its name. */
  known?: boolean;
}

export function ProviderButtons({ next, company, known = false }: Props) {
  const { t } = useTranslation(["session", "common"]);
  const [slug, setSlug] = useState(company ?? rememberedCompany());
  const [asking, setAsking] = useState(false);
  const offer = useQuery({ ...signInOfferQuery(slug), placeholderData: (before) => before });
  const go = useMutation({
    mutationFn: (provider: Id) => beginProvider(provider, next),
    onSuccess: ({ location }) => {
      rememberCompany(slug);
      window.location.assign(location);
    },
  });
  if (!offer.data) return null;
  const { items } = offer.data;
  const several = offer.data.asks_company && !known;
  if (items.length === 0 && !several) return null;
  const named = (typed: string) => {
    setSlug(typed);
    setAsking(false);
  };
  return (
    <CompanyList>
      <span>{t("session:providers")}</span>
      {go.error && <FormProblem>{messageOf(go.error, t("common:network"))}</FormProblem>}
      {items.map(({ id, label }) => (
        <Button
          key={id}
          variant="default"
          size="sm"
          loading={go.isPending && go.variables === id}
          onClick={() => go.mutate(id)}
        >
          {label}
        </Button>
      ))}
      {several && (items.length === 0 || asking) && (
        <CompanyForm tried={offer.isPlaceholderData || items.length > 0 ? "" : slug} onNamed={named} />
      )}
      {items.length > 0 && several && !asking && (
        <Button variant="subtle" size="sm" onClick={() => setAsking(true)}>
          {t("session:company_change")}
        </Button>
      )}
    </CompanyList>
  );
}

interface CompanyProps {
  /** The name that no such company has. */
  tried: string;
  onNamed(slug: string): void;
}

function CompanyForm({ tried, onNamed }: CompanyProps) {
  const { t } = useTranslation("session");
  const [typed, setTyped] = useState(tried);
  const slug = typed.trim().toLowerCase();
  return (
    <Form label={t("providers")} onSubmit={() => onNamed(slug)}>
      <TextInput
        label={t("company")}
        description={t("company_hint")}
        name="company"
        autoComplete="organization"
        required
        withAsterisk={false}
        error={tried && slug === tried ? t("company_none") : undefined}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" size="sm" fullWidth>
        {t("company_find")}
      </Button>
    </Form>
  );
}
