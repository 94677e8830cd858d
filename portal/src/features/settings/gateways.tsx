/** Gateways of SMS: which there are, where they lead, made, changed and removed. */
import { Button, UnstyledButton } from "@mantine/core";
import { IconMessage2, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { gatewaysQuery, type MessageGateway, removeGateway } from "@/api/messages";
import { messageOf } from "@/api/problem";
import { formatNumber } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Secondary, Stacked, Tag } from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { GatewayForm } from "./gateway-form";

interface Props {
  editing?: string;
  onEdit(key?: string): void;
}

/** Where it leads, without what it is told there. */
function hostOf(url: string): string {
  try {
    return new URL(url.split("?")[0] ?? url).host;
  } catch {
    return url;
  }
}

export function GatewaysBlock({ editing, onEdit }: Props) {
  const { t } = useTranslation(["messages", "common"]);
  const query = useQuery(gatewaysQuery);
  const [removing, setRemoving] = useState<MessageGateway>();
  const gateways = query.data ?? [];
  const columns: Column<MessageGateway>[] = [
    {
      key: "title",
      label: t("messages:gateway"),
      grow: true,
      render: (one) => (
        <UnstyledButton
          title={t("messages:gateway_edit", { name: one.title })}
          onClick={() => onEdit(one.key)}
        >
          <Stacked>
            <span>{one.title}</span>
            <Secondary>{one.key}</Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    { key: "host", label: t("messages:gateway_url"), render: (one) => hostOf(one.url) },
    {
      key: "pace",
      label: t("messages:pace"),
      render: (one) =>
        one.per_second
          ? t("messages:pace_says", { number: formatNumber(one.per_second) })
          : t("messages:pace_none"),
    },
    {
      key: "secret",
      label: t("messages:secret"),
      render: (one) =>
        one.has_secret ? (
          <Tag tone="ok">{t("messages:secret_is")}</Tag>
        ) : (
          <Tag>{t("messages:secret_no")}</Tag>
        ),
    },
    {
      key: "remove",
      label: t("common:delete"),
      bare: true,
      render: (one) => (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={t("messages:gateway_remove", { name: one.title })}
          onClick={() => setRemoving(one)}
        >
          {t("common:delete")}
        </Button>
      ),
    },
  ];
  const add = (
    <Button aria-label={t("messages:gateway_add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("messages:gateway_add")}</IconText>
    </Button>
  );
  // A form that is open stays, whatever becomes of the list behind it.
  const opened = useRef<MessageGateway>(undefined);
  opened.current = gateways.find(({ key }) => key === editing) ?? opened.current;
  const edited = opened.current?.key === editing ? opened.current : undefined;
  return (
    <Block
      title={t("messages:gateways")}
      note={t("messages:gateways_note")}
      actions={gateways.length > 0 && add}
    >
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && gateways.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && gateways.length === 0 && (
        <EmptyState icon={<IconMessage2 size={28} />} action={add}>
          {t("messages:gateways_none")}
        </EmptyState>
      )}
      {gateways.length > 0 && (
        <DataTable
          label={t("messages:gateways")}
          columns={columns}
          rows={gateways}
          keyOf={({ key }) => key}
        />
      )}
      {query.data && (edited || editing === "new") && (
        <GatewayForm
          key={editing}
          gateway={edited}
          taken={gateways.map(({ key }) => key)}
          onClose={() => onEdit()}
        />
      )}
      {removing && <Removing gateway={removing} onClose={() => setRemoving(undefined)} />}
    </Block>
  );
}

function Removing({ gateway, onClose }: { gateway: MessageGateway; onClose(): void }) {
  const { t } = useTranslation(["messages", "common"]);
  const remove = useMutation({
    mutationFn: () => removeGateway(gateway.key),
    onSuccess: () => {
      toast({ message: t("messages:gateway_removed", { name: gateway.title }), kind: "done" });
      onClose();
    },
  });
  const yes = useOnce(remove.mutateAsync);
  return (
    <Confirm
      title={t("messages:gateway_remove", { name: gateway.title })}
      text={t("messages:gateway_remove_text")}
      yes={t("common:delete")}
      no={t("common:cancel")}
      close={t("common:close")}
      danger
      pending={remove.isPending}
      problem={remove.error && <FormProblem>{messageOf(remove.error, t("common:network"))}</FormProblem>}
      onYes={() => yes()}
      onNo={onClose}
    />
  );
}
