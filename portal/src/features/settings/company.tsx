/** The company: its name, the language of new people, currency and time zone. */
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { updateTenant } from "@/api/people";
import { useEntities, useMe } from "@/api/session";
import type { Locale } from "@/api/types";
import { currencyName, inUsualOrder } from "@/engines/fields/money";
import { locales, withRecordTexts } from "@/i18n";
import { Buttons, Hint, Pair } from "@/ui/block";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { Form, FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";

const DuplicatePolicies = lazy(() => withRecordTexts(() => import("./duplicates")));

const fields = ["name", "locale", "currency", "time_zone"];

/** Codes the records know, in the reader's words. */
function useCurrencies(present: string): { value: string; label: string }[] {
  const known = useEntities().flatMap(
    (entity) =>
      entity.fields.find((field) => field.key === "currency")?.choices?.map(({ value }) => value) ?? [],
  );
  return inUsualOrder([...new Set([...known, present])], present).map((code) => ({
    value: code,
    label: currencyName(code),
  }));
}

const zones = (present: string) => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone"), present])];

export default function Company() {
  const { t } = useTranslation(["settings", "common"]);
  const { tenant } = useMe();
  const [values, setValues] = useState({
    name: tenant.name,
    locale: tenant.locale,
    currency: tenant.currency,
    time_zone: tenant.time_zone,
  });
  const save = useMutation({
    mutationFn: () => updateTenant({ ...values, name: values.name.trim() }),
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
  });
  const changed = fields.some((key) => values[key as "name"] !== tenant[key as "name"]);
  const refusal = generalRefusal(save.error, fields, t("common:network"));
  const put = (part: Partial<typeof values>) => setValues((old) => ({ ...old, ...part }));
  return (
    <>
      <Form
        label={t("settings:section_company")}
        onSubmit={() => changed && !save.isPending && save.mutate()}
      >
        {refusal && <FormProblem>{refusal}</FormProblem>}
        <TextInput
          label={t("settings:company_name")}
          name="name"
          value={values.name}
          error={fieldRefusal(save.error, "name")}
          onChange={(event) => put({ name: event.currentTarget.value })}
        />
        <Pair>
          <Select
            label={t("settings:company_locale")}
            data={locales.map(({ code, name }) => ({ value: code, label: name }))}
            value={values.locale}
            allowDeselect={false}
            error={fieldRefusal(save.error, "locale")}
            onChange={(locale) => locale && put({ locale: locale as Locale })}
          />
          <Select
            label={t("settings:currency")}
            data={useCurrencies(tenant.currency)}
            searchable
            value={values.currency}
            allowDeselect={false}
            error={fieldRefusal(save.error, "currency")}
            onChange={(currency) => currency && put({ currency })}
          />
          <Select
            label={t("settings:time_zone")}
            data={zones(tenant.time_zone)}
            searchable
            limit={60}
            value={values.time_zone}
            allowDeselect={false}
            error={fieldRefusal(save.error, "time_zone")}
            onChange={(time_zone) => time_zone && put({ time_zone })}
          />
        </Pair>
        <Hint>{t("settings:company_hint")}</Hint>
        <Buttons>
          <Button type="submit" disabled={!changed || !values.name.trim()} loading={save.isPending}>
            {t("common:save")}
          </Button>
        </Buttons>
      </Form>
      <Suspense>
        <DuplicatePolicies />
      </Suspense>
    </>
  );
}
