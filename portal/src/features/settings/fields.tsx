/** Fields of an entity, its rules, and its records with gaps. */
import { Button, UnstyledButton } from "@mantine/core";
import { IconForms, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { type PlacedRule, rulesQuery } from "@/api/rules";
import { useEntities } from "@/api/session";
import type { Entity, Field } from "@/api/types";
import { Block, BlockBones, type Column, DataTable, Lead, Pair, Secondary, Stacked, Tag } from "@/ui/block";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { EntityChoice, useChosenEntity } from "./entity-choice";
import { FieldForm } from "./field-form";
import { isLink, namedType, openOf, targetsOf } from "./fields-model";
import { Gaps } from "./gaps";
import { NewFieldForm } from "./new-field-form";
import { RuleForm } from "./rule-form";

const LayoutBlock = lazy(() => import("./layout-editor"));

interface Props {
  /** See `openOf`. */
  editing?: string;
  onEdit(id?: string): void;
}

export default function FieldsSection({ editing, onEdit }: Props) {
  const { t } = useTranslation("rules");
  const open = openOf(editing);
  const entity = useChosenEntity(editing);
  if (!entity) return null;
  const close = () => onEdit(entity.key);
  const field = open.kind === "field" ? entity.fields.find(({ key }) => key === open.key) : undefined;
  return (
    <>
      <EntityChoice label={t("entity")} entity={entity} onChoose={onEdit} />
      <FieldsBlock entity={entity} onEdit={(key) => onEdit(`${entity.key} field ${key}`)} />
      <Suspense fallback={<BlockBones label={t("layout")} rows={3} />}>
        <LayoutBlock key={entity.key} entity={entity} />
      </Suspense>
      <RulesBlock
        entity={entity}
        editing={open.kind === "rule" ? open.key : undefined}
        onEdit={(key) => onEdit(`${entity.key} rule ${key}`)}
        onClose={close}
      />
      <Gaps key={entity.key} entity={entity} />
      {open.kind === "field" && open.key === "new" && <NewFieldForm entity={entity} onClose={close} />}
      {field && <FieldForm key={field.key} entity={entity} field={field} onClose={close} />}
    </>
  );
}

function FieldsBlock({ entity, onEdit }: { entity: Entity; onEdit(key: string): void }) {
  const { t } = useTranslation("rules");
  const columns: Column<Field>[] = [
    {
      key: "field",
      label: t("field"),
      grow: true,
      render: (field) => (
        <UnstyledButton
          title={t("field_edit", { name: field.label })}
          onClick={() => onEdit(field.key)}
          data-testid={`own-${field.key}`}
        >
          <Stacked>
            <span>{field.label}</span>
            <Secondary>{field.formula ? `${field.key} = ${field.formula.text}` : field.key}</Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    {
      key: "type",
      label: t("type"),
      render: (field) => (
        <Stacked>
          <TypeName type={field.type} />
          {isLink(field.type) && <Targets entities={field.entities ?? []} />}
        </Stacked>
      ),
    },
    {
      key: "tags",
      label: "",
      render: (field) => (
        <>
          {field.required && <Tag>{t("required")}</Tag>}
          {field.unique && <Tag>{t("unique")}</Tag>}
          {field.indexed && <Tag>{t("indexed")}</Tag>}
          {field.computed && <Tag tone="accent">{t(field.formula?.live ? "live" : "computed")}</Tag>}
          {(field.conditions ?? field.declared_conditions) && <Tag tone="accent">{t("conditional")}</Tag>}
          {field.plugin && <Tag>{t("of_module")}</Tag>}
        </>
      ),
    },
  ];
  const own = entity.fields.filter((field) => !field.part_of);
  return (
    <Block
      title={t("fields")}
      note={t("fields_note")}
      actions={
        <Button aria-label={t("field_add")} onClick={() => onEdit("new")}>
          <IconText icon={<IconPlus size={16} />}>{t("field_add")}</IconText>
        </Button>
      }
    >
      <DataTable
        label={t("fields")}
        columns={columns}
        rows={own.toSorted((a, b) => Number(b.own) - Number(a.own))}
        keyOf={({ key }) => key}
      />
    </Block>
  );
}

export function TypeName({ type }: { type: string }) {
  const { t } = useTranslation("rules");
  const known = namedType(type);
  return <span>{known ? t(`type_${known}`) : t("type_else")}</span>;
}

/** What a link points to, by name. */
function Targets({ entities }: { entities: string[] }) {
  const { t } = useTranslation("rules");
  const all = targetsOf("links", useEntities(), (kind) => t(`type_${kind}`));
  const names = entities.map((key) => all.find(({ value }) => value === key)?.label ?? key);
  return <Secondary>{names.join(", ")}</Secondary>;
}

interface RulesProps {
  entity: Entity;
  editing?: string;
  onEdit(key: string): void;
  onClose(): void;
}

function RulesBlock({ entity, editing, onEdit, onClose }: RulesProps) {
  const { t } = useTranslation(["rules", "common"]);
  const query = useQuery(rulesQuery(entity.key));
  const rules = query.data ?? [];
  const columns: Column<PlacedRule>[] = [
    {
      key: "name",
      label: t("rules:rule"),
      grow: true,
      render: ({ id, rule, plugin }) => {
        const line = (
          <Stacked>
            <span>{rule.name}</span>
            <Secondary>{rule.check}</Secondary>
          </Stacked>
        );
        // What a module declares is the module's to change.
        return plugin ? (
          line
        ) : (
          <UnstyledButton title={t("rules:rule_edit", { name: rule.name })} onClick={() => onEdit(id)}>
            {line}
          </UnstyledButton>
        );
      },
    },
    {
      key: "state",
      label: "",
      render: ({ rule, plugin }) => (
        <Pair>
          {plugin && <Tag>{t("rules:of_module")}</Tag>}
          {!rule.enabled && <Tag>{t("rules:off")}</Tag>}
          {rule.warn ? (
            <Tag tone="warn">{t("rules:warns")}</Tag>
          ) : (
            <Tag tone="danger">{t("rules:refuses")}</Tag>
          )}
        </Pair>
      ),
    },
  ];
  const add = (
    <Button aria-label={t("rules:rule_add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("rules:rule_add")}</IconText>
    </Button>
  );
  const edited = rules.find(({ id }) => id === editing);
  return (
    <Block title={t("rules:rules")} actions={rules.length > 0 && add}>
      <Lead>{t("rules:rules_note")}</Lead>
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && rules.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && rules.length === 0 && (
        <EmptyState icon={<IconForms size={28} />} action={add}>
          {t("rules:rules_none")}
        </EmptyState>
      )}
      {rules.length > 0 && (
        <DataTable label={t("rules:rules")} columns={columns} rows={rules} keyOf={({ id }) => id} />
      )}
      {query.isSuccess && (edited || editing === "new") && (
        <RuleForm key={editing} entity={entity} placed={edited} onClose={onClose} />
      )}
    </Block>
  );
}
