/** What was sent to a webhook: how it stands, what was answered; what was given up is sent anew, one or all. */
import { Button, Select, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatDateTime } from "@/i18n/format";
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
import { ShowMore } from "@/ui/more";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { InlineLink } from "@/ui/value";
import { hostOf } from "./webhook-model";
import {
  type DeliveryState,
  deliveriesQuery,
  replayAll,
  replayDelivery,
  type Webhook,
  type WebhookDelivery,
} from "./webhooks-api";

const states: DeliveryState[] = ["waiting", "delivered", "dead"];
const tones: Record<DeliveryState, Tone> = { waiting: "warn", delivered: "ok", dead: "danger" };

export function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose(): void }) {
  const { t } = useTranslation(["webhooks", "common", "fields"]);
  const [state, setState] = useState<DeliveryState | null>(null);
  const query = useInfiniteQuery(deliveriesQuery(webhook.id, state ?? undefined));
  const found = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const all = useMutation({
    mutationFn: () => replayAll(webhook.id),
    onSuccess: ({ replayed, left }) =>
      toast({
        message: t(left > 0 ? "webhooks:replayed_some" : "webhooks:replayed", { count: replayed, left }),
      }),
    onError: (error) => toastError(error),
  });
  return (
    <Block
      title={t("webhooks:deliveries_of", { host: hostOf(webhook.url) })}
      note={t("webhooks:deliveries_note")}
      actions={
        <Buttons>
          <Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
            {t("webhooks:refresh")}
          </Button>
          <Button
            variant="default"
            disabled={!webhook.enabled}
            loading={all.isPending}
            onClick={() => all.mutate()}
          >
            {t("webhooks:replay_all")}
          </Button>
          <Button variant="subtle" color="gray" onClick={onClose}>
            {t("common:close")}
          </Button>
        </Buttons>
      }
    >
      <Select
        label={t("webhooks:which")}
        placeholder={t("webhooks:all")}
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        maw={260}
        data={states.map((one) => ({ value: one, label: t(`webhooks:state_${one}`) }))}
        value={state}
        onChange={(next) => setState(states.find((one) => one === next) ?? null)}
      />
      {query.isPending && <BlockBones label={t("common:loading")} rows={3} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && found.length === 0 && <Lead>{t("webhooks:deliveries_none")}</Lead>}
      {found.length > 0 && <Table webhook={webhook} deliveries={found} />}
      <ShowMore of={query} label={t("webhooks:more")} />
    </Block>
  );
}

function Table({ webhook, deliveries }: { webhook: Webhook; deliveries: WebhookDelivery[] }) {
  const { t } = useTranslation("webhooks");
  const [opened, setOpened] = useState<string>();
  const replay = useMutation({
    mutationFn: (delivery: string) => replayDelivery(webhook.id, delivery),
    onError: (error) => toastError(error),
  });
  const columns: Column<WebhookDelivery>[] = [
    {
      key: "type",
      label: t("event"),
      grow: true,
      render: (one) => (
        <Stacked>
          <UnstyledButton
            mih={24}
            aria-expanded={opened === one.id}
            onClick={() => setOpened(opened === one.id ? undefined : one.id)}
          >
            {one.type}
          </UnstyledButton>
          <Secondary>{formatDateTime(one.created)}</Secondary>
          {opened === one.id && <Detail delivery={one} />}
        </Stacked>
      ),
    },
    { key: "answer", label: t("answer"), render: (one) => <Said delivery={one} /> },
    {
      key: "state",
      label: t("state"),
      render: ({ state, due }) => (
        <Tag tone={tones[state]} title={due ? formatDateTime(due) : undefined}>
          {t(`state_${state}`)}
        </Tag>
      ),
    },
    {
      key: "acts",
      label: t("replay"),
      bare: true,
      render: ({ id, state }) => (
        <Button
          size="compact-sm"
          variant="default"
          disabled={!webhook.enabled}
          loading={replay.isPending && replay.variables === id}
          onClick={() => replay.mutate(id)}
        >
          {state === "waiting" ? t("replay_now") : t("replay")}
        </Button>
      ),
    },
  ];
  return <DataTable label={t("deliveries")} columns={columns} rows={deliveries} keyOf={({ id }) => id} />;
}

/** The status, or why there is none. */
function Said({ delivery: { status, error, tries } }: { delivery: WebhookDelivery }) {
  const { t } = useTranslation("webhooks");
  const why = error === "switched_off" || error === "owner" ? t(`error_${error}`) : error;
  return (
    <Stacked>
      <span>{status ?? why ?? "–"}</span>
      {tries > 0 && <Secondary>{t("tries", { count: tries })}</Secondary>}
    </Stacked>
  );
}

function Detail({ delivery }: { delivery: WebhookDelivery }) {
  const { t } = useTranslation("webhooks");
  return (
    <>
      {delivery.record && (
        <InlineLink>
          <Link to="/records/$entity/$id" params={{ entity: delivery.entity, id: delivery.record }}>
            {t("record")}
          </Link>
        </InlineLink>
      )}
      <LogText>{delivery.body}</LogText>
      {delivery.error && <Secondary>{delivery.error}</Secondary>}
      {delivery.answer && <LogText>{delivery.answer}</LogText>}
    </>
  );
}
