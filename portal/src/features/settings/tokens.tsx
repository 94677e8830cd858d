/** One's own API tokens: made (shown once), revoked. */
import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createToken, revokeToken, tokensQuery } from "@/api/people";
import { useMe } from "@/api/session";
import type { Id, Token, TokenScope } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Notice } from "@/ui/block";
import { PopoverForm } from "@/ui/chips";
import { CopyLine } from "@/ui/copy";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { endOfDay } from "./days";
import { DayField } from "./lazy-day-field";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export default function Tokens({ editing, onEdit }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const query = useQuery(tokensQuery);
  const [made, setMade] = useState<Token | null>(null);
  const tokens = query.data ?? [];
  const columns: Column<Token>[] = [
    { key: "name", label: t("settings:title"), grow: true, render: (token) => token.name },
    {
      key: "scopes",
      label: t("settings:scopes"),
      render: (token) => token.scopes.map((scope) => t(`settings:scope_${scope}`)).join(", "),
    },
    { key: "created", label: t("settings:created"), render: (token) => formatDateTime(token.created_at) },
    {
      key: "expires",
      label: t("settings:expires"),
      render: (token) => (token.expires_at ? formatDateTime(token.expires_at) : t("settings:never")),
    },
    { key: "revoke", label: t("settings:revoke"), bare: true, render: (token) => <Revoke token={token} /> },
  ];
  const add = (
    <Button aria-label={t("settings:add_token")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("settings:add_token")}</IconText>
    </Button>
  );
  return (
    <Block
      title={t("settings:section_tokens")}
      note={t("settings:tokens_note")}
      actions={tokens.length > 0 && add}
    >
      {made?.token && (
        <Notice tone="ok" title={t("settings:token_made", { name: made.name })}>
          {t("settings:token_once")}
          <CopyLine label={made.name} value={made.token} />
        </Notice>
      )}
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && tokens.length === 0 && (
        <EmptyState icon={<IconKey size={28} />} action={add}>
          {t("settings:no_tokens")}
        </EmptyState>
      )}
      {tokens.length > 0 && (
        <DataTable
          label={t("settings:section_tokens")}
          columns={columns}
          rows={tokens}
          keyOf={(token) => token.id}
        />
      )}
      {editing === "new" && (
        <TokenForm
          onClose={() => onEdit()}
          onMade={(token) => {
            setMade(token);
            onEdit();
          }}
        />
      )}
    </Block>
  );
}

function Revoke({ token }: { token: Token }) {
  const { t } = useTranslation("settings");
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSuccess: () => toast({ message: t("token_revoked", { name: token.name }) }),
    onError: (error) => toastError(error, token.name),
  });
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={t("revoke_token", { name: token.name })}
          onClick={() => setAsking(!asking)}
        >
          {t("revoke")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm onSubmit={() => revoke.mutate()}>
          {t("revoke_text")}
          <Button type="submit" color="red" loading={revoke.isPending}>
            {t("revoke")}
          </Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}

const allScopes: TokenScope[] = ["read", "write", "admin"];

function TokenForm({ onClose, onMade }: { onClose(): void; onMade(token: Token): void }) {
  const { t } = useTranslation(["settings", "common"]);
  const me = useMe();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<TokenScope[]>(["read"]);
  const [until, setUntil] = useState<string | null>(null);
  const make = useMutation({
    mutationFn: () => createToken({ name: name.trim(), scopes, expires_at: endOfDay(until) ?? undefined }),
    onSuccess: onMade,
  });
  return (
    <FormDrawer
      title={t("settings:add_token")}
      submit={t("common:create")}
      values={{ name, scopes, until }}
      pending={make.isPending}
      error={make.error}
      fields={["name", "scopes", "expires_at"]}
      onClose={onClose}
      onSubmit={() => scopes.length > 0 && make.mutate()}
    >
      <TextInput
        label={t("settings:title")}
        description={t("settings:token_name_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data-autofocus
        value={name}
        error={fieldRefusal(make.error, "name")}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox.Group
        label={t("settings:scopes")}
        value={scopes}
        error={scopes.length === 0 ? t("settings:scopes_needed") : fieldRefusal(make.error, "scopes")}
        onChange={(chosen) => setScopes(allScopes.filter((scope) => chosen.includes(scope)))}
      >
        {allScopes
          .filter((scope) => scope !== "admin" || me.admin)
          .map((scope) => (
            <Checkbox
              key={scope}
              mt={8}
              size="xs"
              value={scope}
              label={t(`settings:scope_${scope}`)}
              description={t(`settings:scope_${scope}_text`)}
            />
          ))}
      </Checkbox.Group>
      <DayField
        label={t("settings:expires")}
        hint={t("settings:expires_hint")}
        value={until}
        error={fieldRefusal(make.error, "expires_at")}
        onChange={setUntil}
      />
    </FormDrawer>
  );
}
