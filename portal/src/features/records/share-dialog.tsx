/** Personal links of a record: which there are, who opened them, one more, an answer to its guest, an end. */
import { Button, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type GuestLink,
  type GuestScope,
  linksQuery,
  makeLink,
  replyToGuest,
  revokeLink,
} from "@/api/guests";
import type { Entity, Id } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { BlockBones, Buttons, ItemBody, ItemLine, ItemList, Lead, Notice, Tag } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";
import { Form, FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { usePhone } from "@/ui/use-phone";

/** Days for which a link may be good. */
const terms = [7, 30, 90, 365] as const;
const endsIn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

interface Props {
  entity: Entity;
  id: Id;
  onClose(): void;
}

export default function ShareDialog({ entity, id, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["guests", "common"]);
  const phone = usePhone();
  const links = useQuery(linksQuery(entity.key, id));
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("guests:share")}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={14}>
        <Lead>{t("guests:share_note")}</Lead>
        <NewLink entity={entity} id={id} />
        {links.isPending && <BlockBones label={t("common:loading")} rows={2} />}
        {links.isError && <ErrorState error={links.error} retry={() => void links.refetch()} />}
        {links.data && links.data.length > 0 && (
          <ItemList>
            {links.data.map((link) => (
              <ItemLine key={link.id}>
                <One entity={entity} id={id} link={link} />
              </ItemLine>
            ))}
          </ItemList>
        )}
      </Stack>
    </Modal>
  );
}

/** What guests may do: a quote alone is answered. */
const scopesOf = (entity: Entity): GuestScope[] =>
  entity.key === "quote" ? ["accept", "comment", "view"] : ["comment", "view"];

function NewLink({ entity, id }: { entity: Entity; id: Id }) {
  const { t } = useTranslation(["guests", "common"]);
  const scopes = scopesOf(entity);
  const [label, setLabel] = useState("");
  const [scope, setScope] = useState<GuestScope>(scopes[0] ?? "view");
  const [days, setDays] = useState<number>(30);
  const [fields, setFields] = useState<string[]>([]);
  const make = useMutation({
    mutationFn: () =>
      makeLink(entity.key, id, {
        label,
        scope,
        expires: endsIn(days),
        fields: fields.length > 0 ? fields : undefined,
      }),
    onSuccess: () => setLabel(""),
  });
  const refusal = generalRefusal(make.error, ["label", "fields", "expires", "scope"], t("common:network"));
  const shown = entity.fields.filter(({ type, key }) => type !== "json" && key !== entity.title_field);
  return (
    <Form label={t("guests:share")} onSubmit={() => make.mutate()}>
      {refusal && <FormProblem>{refusal}</FormProblem>}
      {make.data && (
        <Notice tone="ok" title={t("guests:made", { label: make.data.label })}>
          {t("guests:once")}
          <CopyLine label={make.data.label} value={`${location.origin}${make.data.path}`} />
        </Notice>
      )}
      <TextInput
        label={t("guests:label")}
        description={t("guests:label_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data-autofocus
        value={label}
        error={fieldRefusal(make.error, "label")}
        onChange={(event) => setLabel(event.currentTarget.value)}
      />
      <Select
        label={t("guests:scope")}
        allowDeselect={false}
        data={scopes.map((one) => ({ value: one, label: t(`guests:scope_${one}`) }))}
        value={scope}
        error={fieldRefusal(make.error, "scope")}
        onChange={(next) => setScope(scopes.find((one) => one === next) ?? scope)}
      />
      <Select
        label={t("guests:term")}
        allowDeselect={false}
        data={terms.map((one) => ({ value: String(one), label: t("guests:days", { count: one }) }))}
        value={String(days)}
        error={fieldRefusal(make.error, "expires")}
        onChange={(next) => setDays(terms.find((one) => String(one) === next) ?? days)}
      />
      <PickMany
        label={t("guests:fields")}
        description={t("guests:fields_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={shown.map((field) => ({ value: field.key, label: field.label }))}
        value={fields}
        error={fieldRefusal(make.error, "fields")}
        onChange={setFields}
      />
      <Buttons>
        <Button type="submit" loading={make.isPending}>
          {t("guests:make")}
        </Button>
      </Buttons>
    </Form>
  );
}

function One({ entity, id, link }: { entity: Entity; id: Id; link: GuestLink }) {
  const { t } = useTranslation("guests");
  const [answering, setAnswering] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeLink(entity.key, id, link.id),
    onSuccess: () => toast({ message: t("revoked", { label: link.label }) }),
    onError: (error) => toastError(error, link.label),
  });
  const opened = link.opened_at
    ? t("opened", { count: link.opened, at: formatDateTime(link.opened_at) })
    : t("never_opened");
  const until = t("link_until", { name: link.made_by_name, at: formatDateTime(link.expires) });
  return (
    <>
      <ItemBody
        title={link.label}
        tags={<Tag>{t(`scope_${link.scope}`)}</Tag>}
        note={`${opened} · ${until}`}
        aside={
          <Buttons>
            {link.scope !== "view" && (
              <Button
                variant="subtle"
                size="compact-sm"
                aria-label={t("reply_to", { label: link.label })}
                onClick={() => setAnswering(!answering)}
              >
                {t("reply")}
              </Button>
            )}
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              aria-label={t("revoke_link", { label: link.label })}
              loading={revoke.isPending}
              onClick={() => revoke.mutate()}
            >
              {t("revoke")}
            </Button>
          </Buttons>
        }
      />
      {answering && <Reply entity={entity} id={id} link={link} onDone={() => setAnswering(false)} />}
    </>
  );
}

function Reply({ entity, id, link, onDone }: { entity: Entity; id: Id; link: GuestLink; onDone(): void }) {
  const { t } = useTranslation(["guests", "common"]);
  const [text, setText] = useState("");
  const send = useMutation({
    mutationFn: () => replyToGuest(entity.key, id, link.id, text),
    onSuccess: () => {
      toast({ message: t("guests:replied", { label: link.label }) });
      onDone();
    },
  });
  const refusal = generalRefusal(send.error, ["text"], t("common:network"));
  return (
    <Form label={t("guests:reply_to", { label: link.label })} onSubmit={() => send.mutate()}>
      {refusal && <FormProblem>{refusal}</FormProblem>}
      <Textarea
        label={t("guests:text")}
        autosize
        minRows={2}
        maxRows={10}
        autoFocus
        value={text}
        error={fieldRefusal(send.error, "text")}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Buttons>
        <Button type="submit" loading={send.isPending}>
          {t("guests:send")}
        </Button>
      </Buttons>
    </Form>
  );
}
