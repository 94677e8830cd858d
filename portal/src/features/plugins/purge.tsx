/** Removes for good what a module that is off has left. There is no undo: its name is typed first. */
import { Anchor, Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pluginExportUrl, purgePlugin } from "@/api/plugins";
import { messageOf } from "@/api/problem";
import type { PluginDetail } from "@/api/types";
import { Lead, Notice } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";

export function PurgeDialog({ plugin, onClose }: { plugin: PluginDetail; onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["plugins", "common"]);
  const [typed, setTyped] = useState("");
  const purge = useMutation({
    mutationFn: () => purgePlugin(plugin.id),
    onSuccess: ({ records, entities, fields }) => {
      toast({
        title: t("plugins:purged", { title: plugin.title }),
        message: t("plugins:purged_what", { records, entities, fields }),
      });
      onClose();
    },
  });
  const right = typed.trim().toLocaleLowerCase() === plugin.title.toLocaleLowerCase();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("plugins:purge_title", { title: plugin.title })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (right && !purge.isPending) purge.mutate();
        }}
      >
        {purge.error && <Notice tone="danger">{messageOf(purge.error, t("common:network"))}</Notice>}
        <Lead>{t("plugins:purge_text")}</Lead>
        <Lead>
          {t("plugins:purge_save")}{" "}
          <Anchor href={pluginExportUrl(plugin.id, "xlsx")} download>
            {t("plugins:save_xlsx")}
          </Anchor>
          {", "}
          <Anchor href={pluginExportUrl(plugin.id, "jsonl")} download>
            {t("plugins:save_jsonl")}
          </Anchor>
        </Lead>
        <TextInput
          data-autofocus
          label={t("plugins:purge_type", { title: plugin.title })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" color="red" disabled={!right} loading={purge.isPending}>
            {t("plugins:purge_do")}
          </Button>
        </FormActions>
      </form>
    </Modal>
  );
}
