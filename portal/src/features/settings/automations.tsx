/** Rules of automation of an entity in their order, each with its switch; below, what they did. */
import { ActionIcon, Button, Switch, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconBolt, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Entity } from "@/api/types";
import { Block, BlockBones, type Column, DataTable, Secondary, Stacked } from "@/ui/block";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { automationsQuery, changeAutomation, type PlacedAutomation } from "./automation-api";
import { Runs } from "./automation-runs";
import { useActionName, useTriggerWords } from "./automation-words";
import { EntityChoice, useChosenEntity } from "./entity-choice";
import { openOf } from "./fields-model";

const AutomationForm = lazy(() => import("./automation-form"));

interface Props {
  /** See `openOf`. */
  editing?: string;
  onEdit(id?: string): void;
}

export default function Automations({ editing, onEdit }: Props) {
  const { t } = useTranslation("automation");
  const open = openOf(editing);
  const entity = useChosenEntity(editing);
  if (!entity) return null;
  return (
    <>
      <EntityChoice label={t("entity")} entity={entity} onChoose={onEdit} />
      <OfEntity
        key={entity.key}
        entity={entity}
        editing={open.kind === "rule" ? open.key : undefined}
        onEdit={(key) => onEdit(key ? `${entity.key} rule ${key}` : entity.key)}
      />
    </>
  );
}

interface OfProps {
  entity: Entity;
  editing?: string;
  onEdit(key?: string): void;
}

function OfEntity({ entity, editing, onEdit }: OfProps) {
  const { t } = useTranslation(["automation", "common"]);
  const query = useQuery(automationsQuery(entity.key));
  const rules = query.data ?? [];
  const edited = rules.find(({ id }) => id === editing);
  const add = (
    <Button aria-label={t("automation:add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("automation:add")}</IconText>
    </Button>
  );
  return (
    <>
      <Block title={t("automation:title")} note={t("automation:note")} actions={rules.length > 0 && add}>
        {query.isPending && <BlockBones label={t("common:loading")} rows={3} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && rules.length === 0 && (
          <EmptyState icon={<IconBolt size={28} />} action={add}>
            {t("automation:none")}
          </EmptyState>
        )}
        {rules.length > 0 && <RuleTable entity={entity} rules={rules} onEdit={onEdit} />}
      </Block>
      <Runs entity={entity} rules={rules} />
      {query.isSuccess && (editing === "new" || edited) && (
        <Suspense>
          <AutomationForm key={editing} entity={entity} placed={edited} onClose={() => onEdit()} />
        </Suspense>
      )}
    </>
  );
}

interface TableProps {
  entity: Entity;
  rules: PlacedAutomation[];
  onEdit(key: string): void;
}

function RuleTable({ entity, rules, onEdit }: TableProps) {
  const { t } = useTranslation("automation");
  const trigger = useTriggerWords(entity);
  const actionName = useActionName();
  const change = useMutation({
    mutationFn: async (changes: PlacedAutomation[]) => {
      for (const { id, rule, place } of changes) await changeAutomation(id, rule, place);
    },
    onError: (error) => toastError(error),
  });
  const move = (index: number, by: -1 | 1) => {
    const [one, other] = [rules[index], rules[index + by]];
    if (!one || !other) return;
    // Two of one place would stay where they are.
    const place = one.place === other.place ? other.place + by : other.place;
    change.mutate([
      { ...one, place },
      { ...other, place: one.place },
    ]);
  };
  const columns: Column<PlacedAutomation>[] = [
    {
      key: "name",
      label: t("rule"),
      grow: true,
      render: ({ id, rule }) => (
        <UnstyledButton title={t("edit", { name: rule.name })} onClick={() => onEdit(id)}>
          <Stacked>
            <span>{rule.name}</span>
            <Secondary>
              {trigger(rule.on)} → {rule.do.map(({ kind }) => actionName(kind)).join(", ")}
            </Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    {
      key: "on",
      label: t("on"),
      render: (placed) => (
        <Switch
          aria-label={t("switch", { name: placed.rule.name })}
          checked={placed.rule.enabled ?? true}
          disabled={change.isPending}
          onChange={(event) =>
            change.mutate([{ ...placed, rule: { ...placed.rule, enabled: event.currentTarget.checked } }])
          }
        />
      ),
    },
    {
      key: "order",
      label: t("order"),
      bare: true,
      render: ({ id, rule }) => {
        const index = rules.findIndex((one) => one.id === id);
        return (
          <>
            <ActionIcon
              aria-label={t("up", { name: rule.name })}
              disabled={index === 0 || change.isPending}
              onClick={() => move(index, -1)}
            >
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon
              aria-label={t("down", { name: rule.name })}
              disabled={index === rules.length - 1 || change.isPending}
              onClick={() => move(index, 1)}
            >
              <IconArrowDown size={16} />
            </ActionIcon>
          </>
        );
      },
    },
  ];
  return <DataTable label={t("title")} columns={columns} rows={rules} keyOf={({ id }) => id} />;
}
