/** Messages that plugins sent: how each stands and why; of what nobody knows a person decides. */
import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type MessageState, messagesQuery, type PluginMessage, settleMessage } from "@/api/messages";
import { pluginsQuery } from "@/api/plugins";
import { messageOf } from "@/api/problem";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { messageChannels, messageStates, type SettingsSearch } from "@/state/search";
import {
  Block,
  BlockBones,
  Buttons,
  type Column,
  DataTable,
  Lead,
  LogText,
  Secondary,
  Stacked,
  Tag,
  type Tone,
} from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { ShowMore } from "@/ui/more";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";

const route = getRouteApi("/shell/settings/$section");
const tones: Record<MessageState, Tone> = {
  queued: "plain",
  sent: "ok",
  failed: "danger",
  unsure: "warn",
  bounced: "danger",
};

export function PluginMessages() {
  const { t } = useTranslation(["messages", "common", "fields"]);
  const { state, channel, plugin } = route.useSearch();
  const navigate = useNavigate();
  const plugins = useQuery(pluginsQuery);
  const query = useInfiniteQuery(messagesQuery({ state, channel, plugin }));
  const found = query.data?.pages.flat() ?? [];
  const filtered = Boolean(state || channel || plugin);
  const show = (part: Partial<SettingsSearch>) =>
    void navigate({
      to: "/settings/$section",
      params: { section: "messages" },
      search: { state, channel, plugin, ...part },
      replace: true,
      resetScroll: false,
    });
  const titleOf = (id: string) => plugins.data?.find((one) => one.id === id)?.title ?? id;
  return (
    <Block title={t("messages:sent")} note={t("messages:sent_note")}>
      <Buttons>
        <Select
          aria-label={t("messages:state")}
          placeholder={t("messages:state_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          data={messageStates.map((one) => ({ value: one, label: t(`messages:state_${one}`) }))}
          value={state ?? null}
          onChange={(next) => show({ state: (next as MessageState | null) ?? undefined })}
        />
        <Select
          aria-label={t("messages:channel")}
          placeholder={t("messages:channel_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          data={messageChannels.map((one) => ({ value: one, label: t(`messages:channel_${one}`) }))}
          value={channel ?? null}
          onChange={(next) => show({ channel: (next as SettingsSearch["channel"] | null) ?? undefined })}
        />
        <Select
          aria-label={t("messages:plugin")}
          placeholder={t("messages:plugin_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          searchable
          data={(plugins.data ?? []).map(({ id, title }) => ({ value: id, label: title }))}
          value={plugin ?? null}
          onChange={(next) => show({ plugin: next ?? undefined })}
        />
      </Buttons>
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && found.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && found.length === 0 && (
        <Lead>{t(filtered ? "messages:sent_none_so" : "messages:sent_none")}</Lead>
      )}
      {query.isSuccess && found.length === 0 && filtered && (
        <Buttons>
          <Button
            variant="default"
            onClick={() => show({ state: undefined, channel: undefined, plugin: undefined })}
          >
            {t("messages:show_all")}
          </Button>
        </Buttons>
      )}
      {found.length > 0 && <Table messages={found} titleOf={titleOf} />}
      <ShowMore of={query} label={t("messages:earlier")} />
    </Block>
  );
}

function Table({ messages, titleOf }: { messages: PluginMessage[]; titleOf(plugin: string): string }) {
  const { t } = useTranslation(["messages", "common"]);
  const columns: Column<PluginMessage>[] = [
    {
      key: "created",
      label: t("messages:created"),
      render: ({ created }) => (
        <time dateTime={created} title={formatDateTime(created)}>
          {formatRelative(created, Date.now())}
        </time>
      ),
    },
    {
      key: "message",
      label: t("messages:message"),
      grow: true,
      render: ({ subject, text, to }) => (
        <Stacked>
          <span>{(subject || text).slice(0, 200) || "—"}</span>
          <Secondary>
            {to.slice(0, 3).join(", ")}
            {to.length > 3 && ` +${to.length - 3}`}
          </Secondary>
        </Stacked>
      ),
    },
    {
      key: "plugin",
      label: t("messages:plugin"),
      render: ({ plugin, channel, gateway }) => (
        <Stacked>
          <span>{titleOf(plugin)}</span>
          <Secondary>{[t(`messages:channel_${channel}`), gateway].filter(Boolean).join(" · ")}</Secondary>
        </Stacked>
      ),
    },
    {
      key: "state",
      label: t("messages:state"),
      render: ({ state, problem }) => (
        <Stacked>
          <Tag tone={tones[state]}>{t(`messages:state_${state}`)}</Tag>
          {problem && <LogText>{problem}</LogText>}
        </Stacked>
      ),
    },
    {
      key: "acts",
      label: t("messages:acts"),
      bare: true,
      render: (message) => <Settle message={message} />,
    },
  ];
  return <DataTable label={t("messages:sent")} columns={columns} rows={messages} keyOf={({ id }) => id} />;
}

/** It went out, or it is sent again: a person says so where nobody knows. */
function Settle({ message }: { message: PluginMessage }) {
  const { t } = useTranslation(["messages", "common"]);
  const [asking, setAsking] = useState(false);
  const settle = useMutation({
    mutationFn: (decision: "sent" | "resend") => settleMessage(message.id, decision),
    onSuccess: (_, decision) => {
      setAsking(false);
      toast({ message: t(`messages:settled_${decision}`), kind: "done" });
    },
    onError: (error, decision) => decision === "sent" && toastError(error),
  });
  const press = useOnce(settle.mutateAsync);
  const unsure = message.state === "unsure";
  if (!unsure && message.state !== "failed") return null;
  const what = (message.subject || message.text).slice(0, 60);
  return (
    <>
      {unsure && (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t("messages:settle_sent_of", { name: what })}
          loading={settle.isPending && settle.variables === "sent"}
          onClick={() => press("sent")}
        >
          {t("messages:settle_sent")}
        </Button>
      )}{" "}
      <Button
        variant="default"
        size="compact-sm"
        aria-label={t("messages:settle_resend_of", { name: what })}
        onClick={() => {
          settle.reset();
          setAsking(true);
        }}
      >
        {t("messages:settle_resend")}
      </Button>
      {asking && (
        <Confirm
          title={t("messages:settle_resend_of", { name: what })}
          text={t(unsure ? "messages:settle_twice" : "messages:settle_again")}
          yes={t("messages:settle_resend")}
          no={t("common:cancel")}
          close={t("common:close")}
          pending={settle.isPending}
          problem={settle.error && <FormProblem>{messageOf(settle.error, t("common:network"))}</FormProblem>}
          onYes={() => press("resend")}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  );
}
