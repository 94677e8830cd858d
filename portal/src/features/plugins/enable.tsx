/** The decision: who gets its roles, its settings, what it will be able to see and change, then "Allow and switch on". */
import { Button, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { enablePlugin } from "@/api/plugins";
import { ApiError, messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { PluginDetail } from "@/api/types";
import { Block, Notice } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { AskedBrings, AskedChanges, AskedPermissions } from "./folded";
import { GiveRoles } from "./give-roles";
import { type Given, payloadOfGiven, rolesOf } from "./given";
import { entityNames } from "./groups";
import { SettingsFields } from "./settings-form";
import { flawsOf, payloadOf, startValues } from "./settings-model";

export function EnableDialog({ plugin, onClose }: { plugin: PluginDetail; onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["plugins", "common"]);
  const offered = plugin.update ?? plugin;
  const update = plugin.update !== null && plugin.update !== undefined;
  const entityOf = entityNames(offered.schema, useEntities());
  const schema = offered.settings_schema;
  const [values, setValues] = useState(() => startValues(schema, plugin.settings));
  const [given, setGiven] = useState<Given>({});
  const [tried, setTried] = useState(false);
  const flaws = flawsOf(schema, values, plugin.secret !== null && plugin.secret !== undefined);
  const enable = useMutation({
    mutationFn: () =>
      enablePlugin(plugin.id, offered.version, payloadOf(schema, values), payloadOfGiven(given)),
    onSuccess: () => {
      toast({ message: t("plugins:switched_on", { title: plugin.title }), kind: "done" });
      onClose();
    },
  });
  const refusal = enable.error instanceof ApiError ? enable.error : undefined;
  const submit = () => {
    setTried(true);
    if (Object.keys(flaws).length === 0 && !enable.isPending) enable.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("plugins:enable_title", { title: plugin.title })}
      size="lg"
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form
        aria-label={t("plugins:enable_title", { title: plugin.title })}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {enable.error && <Notice tone="danger">{messageOf(enable.error, t("common:network"))}</Notice>}
        {rolesOf(offered.brings).length > 0 && (
          <Block title={t("plugins:give")} note={t("plugins:give_note")}>
            <GiveRoles
              brings={offered.brings}
              given={given}
              entityOf={entityOf}
              refusalOf={(key) => refusal?.fieldMessage(`roles.${key}`)}
              onChange={setGiven}
            />
          </Block>
        )}
        {schema.length > 0 && (
          <Block title={t("plugins:tab_settings")}>
            <SettingsFields
              schema={schema}
              values={values}
              flaws={tried ? flaws : {}}
              refusalOf={(key) => refusal?.fieldMessage(`settings.${key}`)}
              onChange={setValues}
            />
          </Block>
        )}
        <Block title={t("plugins:will_be_able")} note={t("plugins:will_be_able_note")}>
          {plugin.update && (
            <Notice tone={plugin.update.asks_more ? "danger" : "accent"}>
              {t(plugin.update.asks_more ? "plugins:update_asks_more" : "plugins:update_asks_no_more", {
                version: plugin.update.version,
                replaces: plugin.update.replaces,
              })}
            </Notice>
          )}
          <AskedPermissions offered={offered} update={update} />
        </Block>
        {offered.schema.length > 0 && (
          <Block title={t("plugins:schema")} note={t("plugins:schema_note")}>
            <AskedChanges offered={offered} update={update} />
          </Block>
        )}
        {offered.brings.length > 0 && (
          <Block title={t("plugins:brings_else")} note={t("plugins:brings_else_note")}>
            <AskedBrings offered={offered} update={update} />
          </Block>
        )}
        <FormActions>
          {/* A key held down since "Switch on" allows nothing. */}
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={enable.isPending}>
            {t("plugins:allow")}
          </Button>
        </FormActions>
      </form>
    </Modal>
  );
}
