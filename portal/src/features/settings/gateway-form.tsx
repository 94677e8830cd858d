/** One gateway of SMS: a template of a request, with what it would send beside it. The secret is written, never shown. */
import { ActionIcon, Button, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { gatewaysQuery, type MessageGateway, saveGateway } from "@/api/messages";

import { queryClient } from "@/api/query-client";
import { Notice, Pair } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FieldGroup, Mono, HeaderLine as Row } from "@/ui/gateway-form";
import { PasswordInput } from "@/ui/password";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import {
  changedSince,
  draftOf,
  freshDraft,
  type GatewayDraft,
  inputOf,
  keyOfTitle,
  previewOf,
  type Sample,
  shapes,
  type TemplateShape,
  templates,
  wrongOf,
} from "./gateway-model";

const fields = ["key", "title", "url", "method", "headers", "body", "answer_id", "per_second", "secret"];
const mono = { input: { fontFamily: "var(--font-mono)", fontSize: 12 } };

interface Props {
  /** As it was when the form opened; none for a new one. */
  gateway?: MessageGateway;
  taken: string[];
  onClose(): void;
}

/** Somebody else changed it meanwhile; what they have is with it, unless it is gone. */
class Changed extends Error {
  readonly now: MessageGateway | undefined;
  constructor(now: MessageGateway | undefined) {
    super("changed");
    this.now = now;
  }
}

export function GatewayForm({ gateway, taken, onClose }: Props) {
  const { t } = useTranslation(["messages", "common"]);
  // Others may change it while it stands here: what it was then stays to compare with.
  const [opened, setOpened] = useState(gateway);
  const [draft, setDraft] = useState<GatewayDraft>(() => (gateway ? draftOf(gateway) : freshDraft()));
  const [shape, setShape] = useState<TemplateShape>("json");
  const [named, setNamed] = useState(false);
  const [tried, setTried] = useState(false);
  const put = (part: Partial<GatewayDraft>) => setDraft((before) => ({ ...before, ...part }));
  const wrong = wrongOf(draft, opened?.has_secret ?? false);
  if (!gateway && taken.includes(draft.key)) wrong.key = "key";
  const save = useMutation({
    mutationFn: async (over: boolean) => {
      if (!over) {
        const list = await queryClient.fetchQuery({ ...gatewaysQuery, staleTime: 0 });
        const now = list.find(({ key }) => key === draft.key);
        if (changedSince(opened, now)) throw new Changed(now);
      }
      return saveGateway(draft.key, inputOf(draft));
    },
    onSuccess: (saved) => {
      toast({ message: t("messages:gateway_saved", { name: saved.title }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const changed = save.error instanceof Changed ? save.error : undefined;
  const errorOf = (name: string) => {
    const code = tried ? wrong[name] : undefined;
    if (code) {
      if (name === "key" && !gateway && taken.includes(draft.key)) return t("messages:wrong_taken");
      return t(`messages:wrong_${code}`);
    }
    return fieldRefusal(save.error, name);
  };
  return (
    <FormDrawer
      title={gateway ? gateway.title : t("messages:gateway_add")}
      submit={t(gateway ? "common:save" : "common:add")}
      values={draft}
      pending={save.isPending}
      error={changed ? undefined : save.error}
      fields={fields}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (Object.keys(wrong).length === 0) send(false);
        // What is wrong comes into view.
        else requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
      }}
    >
      {changed && (
        <Notice tone="warn" title={t(changed.now ? "messages:changed" : "messages:changed_gone")}>
          {t("messages:changed_text")}
          <Pair>
            <Button variant="default" size="compact-sm" loading={save.isPending} onClick={() => send(true)}>
              {t("messages:changed_mine")}
            </Button>
            <Button
              variant="default"
              size="compact-sm"
              onClick={() => {
                if (!changed.now) return onClose();
                setOpened(changed.now);
                setDraft(draftOf(changed.now));
                save.reset();
              }}
            >
              {t("messages:changed_theirs")}
            </Button>
          </Pair>
        </Notice>
      )}
      <TextInput
        label={t("messages:title")}
        data-autofocus
        maxLength={100}
        value={draft.title}
        error={errorOf("title")}
        onChange={(event) => {
          const title = event.currentTarget.value;
          put(gateway || named ? { title } : { title, key: keyOfTitle(title) });
        }}
      />
      {!gateway && (
        <>
          <TextInput
            label={t("messages:key")}
            description={t("messages:key_hint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            maxLength={32}
            value={draft.key}
            error={errorOf("key")}
            onChange={(event) => {
              setNamed(true);
              put({ key: event.currentTarget.value });
            }}
          />
          <Select
            label={t("messages:template")}
            description={t("messages:template_hint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            allowDeselect={false}
            data={shapes.map((one) => ({ value: one, label: t(`messages:template_${one}`) }))}
            value={shape}
            onChange={(next) => {
              if (!next) return;
              setShape(next as TemplateShape);
              put(templates[next as TemplateShape]);
            }}
          />
        </>
      )}
      <Request draft={draft} put={put} errorOf={errorOf} />
      <Secret draft={draft} put={put} errorOf={errorOf} has={opened?.has_secret ?? false} />
      <TextInput
        label={t("messages:pace")}
        description={t("messages:pace_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        inputMode="numeric"
        placeholder={t("messages:pace_none")}
        value={draft.per_second}
        error={errorOf("per_second")}
        onChange={(event) => put({ per_second: event.currentTarget.value })}
      />
      <TextInput
        label={t("messages:answer_id")}
        description={t("messages:answer_id_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder="/messages/0/id"
        styles={mono}
        value={draft.answer_id}
        error={errorOf("answer_id")}
        onChange={(event) => put({ answer_id: event.currentTarget.value })}
      />
      <Check draft={draft} wrong={Object.values(wrong)} />
      {save.isPending && <span role="status">{t("messages:checking")}</span>}
    </FormDrawer>
  );
}

interface PartProps {
  draft: GatewayDraft;
  put(part: Partial<GatewayDraft>): void;
  errorOf(name: string): string | undefined;
}

function Request({ draft, put, errorOf }: PartProps) {
  const { t } = useTranslation("messages");
  const { headers } = draft;
  const change = (index: number, part: Partial<(typeof headers)[number]>) =>
    put({ headers: headers.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  return (
    <>
      <Select
        label={t("method")}
        allowDeselect={false}
        data={["POST", "PUT", "GET"]}
        value={draft.method}
        error={errorOf("method")}
        onChange={(method) => method && put({ method: method as GatewayDraft["method"] })}
      />
      <Textarea
        label={t("gateway_url")}
        description={t("url_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        autosize
        styles={mono}
        value={draft.url}
        error={errorOf("url")}
        onChange={(event) => put({ url: event.currentTarget.value.replace(/\s/g, "") })}
      />
      <FieldGroup label={t("headers")}>
        {headers.map(({ name, value }, index) => (
          <Row key={index}>
            <TextInput
              aria-label={t("header_name", { number: index + 1 })}
              placeholder="authorization"
              styles={mono}
              value={name}
              error={errorOf(`headers.${index}`)}
              onChange={(event) => change(index, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={t("header_value", { number: index + 1 })}
              placeholder="Bearer {secret}"
              styles={mono}
              value={value}
              onChange={(event) => change(index, { value: event.currentTarget.value })}
            />
            <ActionIcon
              aria-label={t("header_remove", { name: name || String(index + 1) })}
              onClick={() => put({ headers: headers.filter((_, at) => at !== index) })}
            >
              <IconX size={16} />
            </ActionIcon>
          </Row>
        ))}
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          disabled={headers.length >= 20}
          onClick={() => put({ headers: [...headers, { name: "", value: "" }] })}
        >
          {t("header_add")}
        </Button>
        {errorOf("headers") && <p role="alert">{errorOf("headers")}</p>}
      </FieldGroup>
      {draft.method !== "GET" ? (
        <Textarea
          label={t("body")}
          description={t("body_hint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          autosize
          minRows={3}
          maxRows={14}
          styles={mono}
          value={draft.body}
          error={errorOf("body")}
          onChange={(event) => put({ body: event.currentTarget.value })}
        />
      ) : (
        errorOf("body") && <p role="alert">{errorOf("body")}</p>
      )}
    </>
  );
}

function Secret({ draft, put, errorOf, has }: PartProps & { has: boolean }) {
  const { t } = useTranslation("messages");
  return (
    <>
      <PasswordInput
        label={t("secret")}
        description={t(has ? "secret_keep" : "secret_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        autoComplete="new-password"
        disabled={draft.without_secret}
        value={draft.secret}
        error={errorOf("secret")}
        onChange={(event) => put({ secret: event.currentTarget.value })}
      />
      {has && (
        <Checkbox
          label={t("secret_remove")}
          checked={draft.without_secret}
          onChange={(event) => put({ without_secret: event.currentTarget.checked, secret: "" })}
        />
      )}
    </>
  );
}

/** What would go out for a text and a number of one's own, and what keeps it from that. */
function Check({ draft, wrong }: { draft: GatewayDraft; wrong: ReturnType<typeof wrongOf>[string][] }) {
  const { t } = useTranslation("messages");
  const [sample, setSample] = useState<Sample>({ to: "+380441234567", text: t("sample_text") });
  return (
    <FieldGroup label={t("preview")}>
      <Pair>
        <TextInput
          label={t("sample_to")}
          value={sample.to}
          onChange={(event) => setSample({ ...sample, to: event.currentTarget.value })}
        />
        <TextInput
          label={t("sample_words")}
          value={sample.text}
          onChange={(event) => setSample({ ...sample, text: event.currentTarget.value })}
        />
      </Pair>
      <Mono label={t("preview")}>{previewOf(draft, sample)}</Mono>
      {wrong.length > 0 ? (
        <Notice tone="warn" title={t("preview_wrong")}>
          {[...new Set(wrong)].map((code) => (
            <p key={code} style={{ margin: 0 }}>
              {t(`wrong_${code}`)}
            </p>
          ))}
        </Notice>
      ) : (
        <Notice tone="ok">{t("preview_right")}</Notice>
      )}
    </FieldGroup>
  );
}
