/** What a person chooses for themselves: language, theme, absence. */
import { Box, Button, Input, SegmentedControl, Select, useMantineColorScheme } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentsQuery } from "@/api/lookups";
import { updateMe } from "@/api/people";
import { queryClient } from "@/api/query-client";
import { useMe } from "@/api/session";
import type { Locale } from "@/api/types";
import { locales, showLocale } from "@/i18n";
import { Block, Facts, Stacked } from "@/ui/block";
import { toast, toastError } from "@/ui/toast";
import { dayOf, endOfDay } from "./days";
import { DayField } from "./lazy-day-field";
import { PasswordForm } from "./password-form";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";

export default function Profile() {
  const { t, i18n } = useTranslation(["settings", "common", "shell"]);
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const departments = useQuery(departmentsQuery);
  const [changing, setChanging] = useState(false);
  const [absent, setAbsent] = useState(dayOf(me.user.absent_until));
  const save = useMutation({
    mutationFn: updateMe,
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const speak = async (locale: Locale) => {
    await showLocale(locale);
    await save.mutateAsync({ locale }).catch(() => undefined);
    // Labels of the catalogue come from the server in the person's language.
    await queryClient.invalidateQueries();
  };
  return (
    <>
      <Block>
        <Facts
          items={[
            { label: t("settings:name"), value: me.user.name },
            { label: t("settings:email"), value: me.user.email },
            {
              label: t("settings:roles"),
              value: me.roles.map(({ name }) => name).join(", ") || t("common:not_set"),
            },
            {
              label: t("settings:department"),
              value:
                departments.data?.find(({ id }) => id === me.user.department_id)?.ref.title ??
                t("common:not_set"),
            },
            { label: t("settings:your_company"), value: me.tenant.name },
          ]}
        />
      </Block>
      <Block>
        <Stacked>
          <Select
            label={t("shell:language")}
            maw={320}
            data={locales.map(({ code, name }) => ({ value: code, label: name }))}
            value={i18n.language}
            allowDeselect={false}
            onChange={(locale) => locale && void speak(locale as Locale)}
          />
          <Input.Wrapper label={t("shell:theme")} labelElement="div" labelProps={{ display: "block" }}>
            <SegmentedControl
              aria-label={t("shell:theme")}
              value={colorScheme}
              onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
              data={(["light", "dark", "auto"] as const).map((scheme) => ({
                value: scheme,
                label: t(`shell:theme_${scheme}`),
              }))}
            />
          </Input.Wrapper>
          <Box maw={320}>
            <DayField
              label={t("settings:absent_until")}
              hint={t("settings:absent_hint")}
              value={absent}
              onChange={setAbsent}
              onDone={(day) => {
                if (day !== dayOf(me.user.absent_until)) save.mutate({ absent_until: endOfDay(day) });
              }}
            />
          </Box>
          <Box>
            <Button variant="default" onClick={() => setChanging(true)}>
              {t("settings:open_password")}
            </Button>
          </Box>
        </Stacked>
      </Block>
      <SecondFactor />
      <Sessions />
      {changing && <PasswordForm onClose={() => setChanging(false)} />}
    </>
  );
}
