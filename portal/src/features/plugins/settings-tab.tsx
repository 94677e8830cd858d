/** Settings of a running plugin, saved as a whole. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { savePluginSettings } from "@/api/plugins";
import { ApiError, messageOf } from "@/api/problem";
import type { PluginDetail } from "@/api/types";
import { Buttons, Lead, Notice } from "@/ui/block";
import { Form } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { SettingsFields } from "./settings-form";
import { flawsOf, isChanged, payloadOf, startValues } from "./settings-model";

export function SettingsTab({ plugin, onEnable }: { plugin: PluginDetail; onEnable(): void }) {
  const { t } = useTranslation(["plugins", "common"]);
  const schema = plugin.settings_schema;
  const [values, setValues] = useState(() => startValues(schema, plugin.settings));
  const [tried, setTried] = useState(false);
  const flaws = flawsOf(schema, values, true);
  const save = useMutation({
    mutationFn: () => savePluginSettings(plugin.id, payloadOf(schema, values)),
    onSuccess: (saved) => {
      setValues(startValues(schema, saved.settings));
      setTried(false);
      toast({ message: t("common:saved"), kind: "done" });
    },
  });
  const refusal = save.error instanceof ApiError ? save.error : undefined;
  if (schema.length === 0) return <Lead>{t("plugins:settings_none")}</Lead>;
  if (!plugin.enabled) {
    return (
      <Notice action={<Button onClick={onEnable}>{t("plugins:switch_on")}</Button>}>
        {t("plugins:settings_when_on")}
      </Notice>
    );
  }
  return (
    <Form
      label={t("plugins:tab_settings")}
      onSubmit={() => {
        setTried(true);
        if (Object.keys(flaws).length === 0 && !save.isPending) save.mutate();
      }}
    >
      {save.error && <Notice tone="danger">{messageOf(save.error, t("common:network"))}</Notice>}
      <SettingsFields
        schema={schema}
        values={values}
        flaws={tried ? flaws : {}}
        refusalOf={(key) => refusal?.fieldMessage(`settings.${key}`)}
        onChange={setValues}
      />
      <Buttons>
        <Button type="submit" loading={save.isPending} disabled={!isChanged(schema, values, plugin.settings)}>
          {t("common:save")}
        </Button>
      </Buttons>
    </Form>
  );
}
