/** Providers of identity: people sign in with an account that they have elsewhere. Added, tried out, switched off. */
import { Button, UnstyledButton } from "@mantine/core";
import { IconLogin2, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
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
import { ProviderForm } from "./provider-form";
import {
  type Provider,
  type ProviderTest,
  providersQuery,
  removeProvider,
  testProvider,
} from "./providers-api";

interface Props {
  editing?: string;
  onEdit(id?: string): void;
}

interface Tried {
  label: string;
  test: ProviderTest;
}

export default function Providers({ editing, onEdit }: Props) {
  const { t } = useTranslation(["providers", "common"]);
  const query = useQuery(providersQuery);
  const [tried, setTried] = useState<Tried | null>(null);
  const providers = query.data ?? [];
  const edited = providers.find(({ id }) => id === editing);
  const add = (
    <Button aria-label={t("providers:add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("providers:add")}</IconText>
    </Button>
  );
  return (
    <>
      <Block title={t("providers:title")} note={t("providers:note")} actions={providers.length > 0 && add}>
        {tried && <Outcome tried={tried} />}
        {providers.some(({ callback }) => !callback) && (
          <Notice tone="warn">{t("providers:callback_none")}</Notice>
        )}
        {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
        {query.isError && providers.length === 0 && (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        )}
        {query.isSuccess && providers.length === 0 && (
          <EmptyState icon={<IconLogin2 size={28} />} action={add}>
            {t("providers:none")}
          </EmptyState>
        )}
        {providers.length > 0 && <Table providers={providers} onEdit={onEdit} onTried={setTried} />}
      </Block>
      {query.isSuccess && (editing === "new" || edited) && (
        <ProviderForm key={editing} provider={edited} onClose={() => onEdit()} />
      )}
    </>
  );
}

/** What the connection test found. */
function Outcome({ tried: { label, test } }: { tried: Tried }) {
  const { t } = useTranslation("providers");
  if (test.works) return <Notice tone="ok">{t("works", { label })}</Notice>;
  return (
    <Notice tone="danger" title={t("wrong", { label })}>
      {test.troubles.map(({ code, message }) => (
        <div key={code}>{message}</div>
      ))}
    </Notice>
  );
}

interface TableProps {
  providers: Provider[];
  onEdit(id: string): void;
  onTried(tried: Tried | null): void;
}

function Table({ providers, onEdit, onTried }: TableProps) {
  const { t } = useTranslation("providers");
  const columns: Column<Provider>[] = [
    {
      key: "label",
      label: t("label"),
      grow: true,
      render: (one) => (
        <UnstyledButton title={t("edit_of", { label: one.label })} onClick={() => onEdit(one.id)}>
          <Stacked>
            <span>{one.label}</span>
            <Secondary>{one.issuer}</Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    {
      key: "callback",
      label: t("callback"),
      render: (one) => one.callback && <CopyLine label={t("callback")} value={one.callback} />,
    },
    {
      key: "state",
      label: t("state"),
      render: (one) => <Tag tone={one.enabled ? "ok" : undefined}>{t(one.enabled ? "on" : "off")}</Tag>,
    },
    {
      key: "acts",
      label: t("acts"),
      bare: true,
      render: (one) => <Acts provider={one} onTried={onTried} />,
    },
  ];
  return (
    <>
      <DataTable label={t("title")} columns={columns} rows={providers} keyOf={({ id }) => id} />
      <Secondary>{t("callback_hint")}</Secondary>
    </>
  );
}

function Acts({ provider, onTried }: { provider: Provider; onTried(tried: Tried | null): void }) {
  const { t } = useTranslation(["providers", "common"]);
  const [asking, setAsking] = useState(false);
  const { id, label } = provider;
  const test = useMutation({
    mutationFn: () => testProvider(id),
    onMutate: () => onTried(null),
    onSuccess: (found) => onTried({ label, test: found }),
    onError: (error) => toastError(error, label),
  });
  const remove = useMutation({
    mutationFn: () => removeProvider(id),
    onSuccess: () => toast({ message: t("providers:removed", { label }) }),
  });
  const small = { variant: "subtle", color: "gray", size: "compact-sm" } as const;
  return (
    <Buttons>
      <Button {...small} loading={test.isPending} onClick={() => test.mutate()}>
        {t("providers:test")}
      </Button>
      <Button {...small} aria-label={t("providers:remove_of", { label })} onClick={() => setAsking(true)}>
        {t("common:delete")}
      </Button>
      {asking && (
        <Confirm
          title={t("providers:remove_title", { label })}
          text={t("providers:remove_text")}
          yes={t("common:delete")}
          no={t("common:cancel")}
          close={t("common:close")}
          danger
          pending={remove.isPending}
          problem={
            remove.error ? (
              <FormProblem>{messageOf(remove.error, t("common:network"))}</FormProblem>
            ) : undefined
          }
          onYes={() => remove.mutate()}
          onNo={() => setAsking(false)}
        />
      )}
    </Buttons>
  );
}
