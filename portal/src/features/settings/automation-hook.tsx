/** What a rule that is set off from outside asks for: which record is meant, what a new one has, and its address. */
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Entity } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { Buttons, Hint, Notice, Stacked } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { FormNote } from "@/ui/form";
import { toastError } from "@/ui/toast";
import { closeHook, hookQuery, openHook, type PlacedAutomation } from "./automation-api";
import { FieldRows } from "./automation-more";
import type { PartProps } from "./automation-parts";

export function WebhookParts({
  entity,
  draft,
  placed,
  wrong,
  put,
}: PartProps & { entity: Entity; placed?: PlacedAutomation }) {
  const { t } = useTranslation("automation");
  return (
    <>
      <TextInput
        label={t("hook_record")}
        description={t("hook_record_hint", { example: "vars.id" })}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={draft.record}
        error={wrong("on.record")}
        onChange={(event) => put({ record: event.currentTarget.value })}
      />
      <Hint>{t("hook_make", { example: "=vars.name" })}</Hint>
      <FieldRows
        fields={entity.fields}
        rows={draft.make}
        wrong={(key) => wrong(`on.make.${key}`)}
        put={(make) => put({ make })}
      />
      {wrong("on.make") && <FormNote urgent>{wrong("on.make")}</FormNote>}
      {placed?.rule.on.event === "webhook" ? <Address rule={placed.id} /> : <Hint>{t("hook_later")}</Hint>}
    </>
  );
}

/** The address is shown once, when it is made: only its hash is kept. */
function Address({ rule }: { rule: string }) {
  const { t } = useTranslation("automation");
  const hook = useQuery(hookQuery(rule));
  const open = useMutation({ mutationFn: () => openHook(rule), onError: (error) => toastError(error) });
  const close = useMutation({
    mutationFn: () => closeHook(rule),
    onSuccess: () => open.reset(),
    onError: (error) => toastError(error),
  });
  const created = hook.data?.created;
  return (
    <Stacked>
      <Hint>{created ? t("hook_since", { at: formatDateTime(created) }) : t("hook_none")}</Hint>
      {open.data && (
        <Notice tone="warn">
          {t("hook_once")}
          <div data-testid="hook-address">
            <CopyLine label={t("part_url")} value={`${window.location.origin}${open.data.path}`} />
          </div>
        </Notice>
      )}
      <Buttons>
        <Button variant="default" loading={open.isPending} onClick={() => open.mutate()}>
          {t(created ? "hook_renew" : "hook_open")}
        </Button>
        {created && (
          <Button variant="subtle" color="red" loading={close.isPending} onClick={() => close.mutate()}>
            {t("hook_close")}
          </Button>
        )}
      </Buttons>
    </Stacked>
  );
}
