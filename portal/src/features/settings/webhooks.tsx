/** Webhooks: other servers that are told what happens; made with a secret that is shown once, tried out, switched off. */
import { Button, Switch, UnstyledButton } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { formatDateTime } from "@/i18n/format";
import {
  Block,
  BlockBones,
  Buttons,
  type Column,
  DataTable,
  Notice,
  Secondary,
  Stacked,
  Tag,
} from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { CopyLine } from "@/ui/copy";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { Deliveries } from "./webhook-deliveries";
import { WebhookForm } from "./webhook-form";
import { hostOf, openedOf } from "./webhook-model";
import {
  changeWebhook,
  removeWebhook,
  rotateSecret,
  testWebhook,
  type Webhook,
  webhooksQuery,
} from "./webhooks-api";

interface Props {
  editing?: string;
  onEdit(id?: string): void;
}

interface Shown {
  host: string;
  secret: string;
  /** Until when the one before is good as well. */
  until?: string;
}

export default function Webhooks({ editing, onEdit }: Props) {
  const { t } = useTranslation(["webhooks", "common"]);
  const query = useQuery(webhooksQuery);
  const [shown, setShown] = useState<Shown | null>(null);
  const webhooks = query.data ?? [];
  const { form, sent } = openedOf(editing);
  const edited = webhooks.find(({ id }) => id === form);
  const looked = webhooks.find(({ id }) => id === sent);
  const add = (
    <Button aria-label={t("webhooks:add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("webhooks:add")}</IconText>
    </Button>
  );
  return (
    <>
      <Block title={t("webhooks:title")} note={t("webhooks:note")} actions={webhooks.length > 0 && add}>
        {shown && (
          <Notice tone="ok" title={t("webhooks:secret_made", { host: shown.host })}>
            {t("webhooks:secret_once")}
            {shown.until && ` ${t("webhooks:secret_overlap", { until: formatDateTime(shown.until) })}`}
            <CopyLine label={t("webhooks:secret")} value={shown.secret} />
          </Notice>
        )}
        {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
        {query.isError && webhooks.length === 0 && (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        )}
        {query.isSuccess && webhooks.length === 0 && (
          <EmptyState icon={<IconWebhook size={28} />} action={add}>
            {t("webhooks:none")}
          </EmptyState>
        )}
        {webhooks.length > 0 && <Table webhooks={webhooks} onEdit={onEdit} onSecret={setShown} />}
      </Block>
      {looked && <Deliveries key={looked.id} webhook={looked} onClose={() => onEdit()} />}
      {query.isSuccess && (form === "new" || edited) && (
        <WebhookForm
          key={form}
          webhook={edited}
          onClose={() => onEdit()}
          onMade={(webhook, secret) => {
            setShown({ host: hostOf(webhook.url), secret });
            onEdit();
          }}
        />
      )}
    </>
  );
}

interface TableProps {
  webhooks: Webhook[];
  onEdit(id: string): void;
  onSecret(shown: Shown): void;
}

function Table({ webhooks, onEdit, onSecret }: TableProps) {
  const { t } = useTranslation("webhooks");
  const change = useMutation({
    mutationFn: ({ id, url, events, description, enabled }: Webhook) =>
      changeWebhook(id, { url, events, description, enabled: !enabled }),
    onError: (error) => toastError(error),
  });
  const columns: Column<Webhook>[] = [
    {
      key: "host",
      label: t("url"),
      grow: true,
      render: (one) => (
        <UnstyledButton title={t("edit_of", { host: hostOf(one.url) })} onClick={() => onEdit(one.id)}>
          <Stacked>
            <span>{hostOf(one.url)}</span>
            <Secondary>{one.description || one.events.join(", ")}</Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    { key: "state", label: t("state"), render: (one) => <State webhook={one} /> },
    {
      key: "on",
      label: t("enabled"),
      render: (one) => (
        <Switch
          aria-label={t("switch", { host: hostOf(one.url) })}
          checked={one.enabled}
          disabled={change.isPending}
          onChange={() => change.mutate(one)}
        />
      ),
    },
    {
      key: "acts",
      label: t("acts"),
      bare: true,
      render: (one) => <Acts webhook={one} onEdit={onEdit} onSecret={onSecret} />,
    },
  ];
  return <DataTable label={t("title")} columns={columns} rows={webhooks} keyOf={({ id }) => id} />;
}

function State({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation("webhooks");
  if (webhook.stopped) {
    const at = webhook.stopped_at ? formatDateTime(webhook.stopped_at) : undefined;
    return (
      <Tag tone="danger" title={at}>
        {t(`stopped_${webhook.stopped}`)}
      </Tag>
    );
  }
  if (!webhook.enabled) return <Tag>{t("off")}</Tag>;
  if (webhook.failing_since) {
    return (
      <Tag tone="warn" title={formatDateTime(webhook.failing_since)}>
        {t("failing")}
      </Tag>
    );
  }
  return <Tag tone="ok">{t("well")}</Tag>;
}

interface ActsProps {
  webhook: Webhook;
  onEdit(id: string): void;
  onSecret(shown: Shown): void;
}

function Acts({ webhook, onEdit, onSecret }: ActsProps) {
  const { t } = useTranslation(["webhooks", "common"]);
  const [asking, setAsking] = useState<"remove" | "rotate">();
  const host = hostOf(webhook.url);
  const test = useMutation({
    mutationFn: () => testWebhook(webhook.id),
    onSuccess: () => onEdit(`sent ${webhook.id}`),
    onError: (error) => toastError(error, host),
  });
  const rotate = useMutation({
    mutationFn: () => rotateSecret(webhook.id),
    onSuccess: ({ secret, old_until }) => {
      onSecret({ host, secret, until: old_until });
      setAsking(undefined);
    },
  });
  const remove = useMutation({
    mutationFn: () => removeWebhook(webhook.id),
    onSuccess: () => toast({ message: t("webhooks:removed", { host }) }),
  });
  const asked = asking === "remove" ? remove : rotate;
  const small = { variant: "subtle", color: "gray", size: "compact-sm" } as const;
  return (
    <Buttons>
      <Button {...small} onClick={() => onEdit(`sent ${webhook.id}`)}>
        {t("webhooks:deliveries")}
      </Button>
      <Button {...small} loading={test.isPending} onClick={() => test.mutate()}>
        {t("webhooks:test")}
      </Button>
      <Button {...small} onClick={() => setAsking("rotate")}>
        {t("webhooks:rotate")}
      </Button>
      <Button {...small} aria-label={t("webhooks:remove_of", { host })} onClick={() => setAsking("remove")}>
        {t("common:delete")}
      </Button>
      {asking && (
        <Confirm
          title={t(`webhooks:${asking}_title`, { host })}
          text={t(`webhooks:${asking}_text`)}
          yes={asking === "remove" ? t("common:delete") : t("webhooks:rotate")}
          no={t("common:cancel")}
          close={t("common:close")}
          danger={asking === "remove"}
          pending={asked.isPending}
          problem={
            asked.error ? <FormProblem>{messageOf(asked.error, t("common:network"))}</FormProblem> : undefined
          }
          onYes={() => asked.mutate()}
          onNo={() => setAsking(undefined)}
        />
      )}
    </Buttons>
  );
}
