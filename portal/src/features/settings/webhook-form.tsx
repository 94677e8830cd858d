/** A webhook as it shall be: where, of what, what for. */
import { Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";
import { eventChoices } from "./webhook-model";
import { changeWebhook, createWebhook, type Webhook } from "./webhooks-api";

interface Props {
  /** None: a new one. */
  webhook?: Webhook;
  onClose(): void;
  /** A new one was made: its secret is told only here. */
  onMade(webhook: Webhook, secret: string): void;
}

export function WebhookForm({ webhook, onClose, onMade }: Props) {
  const { t } = useTranslation(["webhooks", "common"]);
  const entities = useEntities();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState(webhook?.events ?? []);
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [enabled, setEnabled] = useState(webhook?.enabled ?? true);
  const input = { url: url.trim(), events, description: description.trim(), enabled };
  const save = useMutation({
    mutationFn: async () => {
      if (webhook) {
        await changeWebhook(webhook.id, input);
        onClose();
        return;
      }
      const made = await createWebhook(input);
      onMade(made, made.secret);
    },
  });
  const choices = eventChoices(entities, events, {
    happened: (what) => t(`webhooks:happened_${what}`),
    entered: (stage) => t("webhooks:entered", { stage }),
  });
  return (
    <FormDrawer
      title={webhook ? t("webhooks:edit") : t("webhooks:add")}
      submit={webhook ? t("common:save") : t("common:create")}
      pending={save.isPending}
      error={save.error}
      fields={["url", "events", "description"]}
      values={input}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <TextInput
        label={t("webhooks:url")}
        description={t("webhooks:url_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder="https://"
        data-autofocus
        value={url}
        error={fieldRefusal(save.error, "url")}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <PickMany
        label={t("webhooks:events")}
        description={t("webhooks:events_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={choices}
        limit={200}
        value={events}
        error={fieldRefusal(save.error, "events")}
        onChange={setEvents}
      />
      <Textarea
        label={t("webhooks:description")}
        autosize
        maxRows={6}
        value={description}
        error={fieldRefusal(save.error, "description")}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <Switch
        label={t("webhooks:enabled")}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
      />
    </FormDrawer>
  );
}
