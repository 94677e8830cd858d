/**
 * The rules of a role over records: rows by entity, action and filter. Many of them are folded to a line each and found by
 * name, so that one of thirty is changed without scrolling.
 */
import { ActionIcon, Button, Checkbox, MultiSelect, Select, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { AccessRow, Entity } from "@/api/types";
import { FilterBar } from "@/engines/filters/filter-bar";
import { Block, Buttons, Hint, Notice, RuleBox, RuleHead, RuleLine, Secondary } from "@/ui/block";
import { BlockBar } from "@/ui/block-frame";
import {
  actions,
  anyEntity,
  changeRow,
  foundEntity,
  foundRows,
  isCovering,
  isIdle,
  manyRows,
  setFilter,
  toggleAction,
  without,
} from "./rights";

/** Rows that a search leaves open: more would be a list to scroll again. */
const openFound = 3;

interface RowsProps {
  rows: AccessRow[];
  admin: boolean;
  onChange(rows: AccessRow[]): void;
}

export function AccessRows({ rows, admin, onChange }: RowsProps) {
  const { t } = useTranslation("settings");
  const entities = useEntities();
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<number[]>([]);
  // Folded once, they stay so: a role does not unfold while its rows are removed.
  const [many] = useState(() => manyRows(rows));
  const names = new Map([
    [anyEntity, t("any_entity")],
    ...entities.map(({ key, label_plural }): [string, string] => [key, label_plural]),
  ]);
  const found = foundRows(rows, names, text);
  const isOpen = (index: number) =>
    !many || opened.includes(index) || (text.trim() !== "" && found.length <= openFound);
  const add = () => {
    const sought = foundEntity(names, text);
    const entity = sought ?? rows[many ? 0 : rows.length - 1]?.entity ?? entities[0]?.key ?? anyEntity;
    const row: AccessRow = { kind: admin ? "restriction" : "permission", entity, actions: ["read"] };
    if (!sought) setText("");
    setOpened(many ? [0, ...opened.map((index) => index + 1)] : opened);
    onChange(many ? [row, ...rows] : [...rows, row]);
  };
  const remove = (index: number) => {
    setOpened(opened.filter((one) => one !== index).map((one) => (one > index ? one - 1 : one)));
    onChange(without(rows, index));
  };
  const toggle = (index: number) =>
    setOpened(opened.includes(index) ? opened.filter((one) => one !== index) : [...opened, index]);
  const button = (
    <Button variant="default" leftSection={<IconPlus size={16} />} onClick={add}>
      {t("add_rule")}
    </Button>
  );
  return (
    <Block title={t("rules")} note={t(admin ? "rules_note_admin" : "rules_note")}>
      {rows.length === 0 && !admin && <Notice tone="warn">{t("no_rules")}</Notice>}
      {many && (
        <BlockBar>
          <TextInput
            type="search"
            aria-label={t("find_rule")}
            placeholder={t("find_rule")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              // It stands in the form of the role: a search saves nothing.
              if (event.key === "Enter") event.preventDefault();
            }}
          />
          {button}
        </BlockBar>
      )}
      {found.map((index) => {
        const row = rows[index];
        return row ? (
          <AccessRule
            key={index}
            row={row}
            index={index}
            rows={rows}
            entities={entities}
            open={isOpen(index)}
            onToggle={many ? () => toggle(index) : undefined}
            onChange={onChange}
            onRemove={() => remove(index)}
          />
        ) : null;
      })}
      {rows.length > 0 && found.length === 0 && <Hint>{t("no_rules_found")}</Hint>}
      {!many && <Buttons>{button}</Buttons>}
    </Block>
  );
}

interface RuleProps {
  row: AccessRow;
  index: number;
  rows: AccessRow[];
  entities: Entity[];
  open: boolean;
  /** Where rules are folded. */
  onToggle?(): void;
  onChange(rows: AccessRow[]): void;
  onRemove(): void;
}

function AccessRule({ onToggle, open, onRemove, ...rule }: RuleProps) {
  const { t } = useTranslation("settings");
  const { row, entities } = rule;
  const entity = entities.find(({ key }) => key === row.entity);
  const what = row.entity === anyEntity ? t("any_entity") : (entity?.label_plural ?? row.entity);
  const name = `${t(`kind_${row.kind}`)}: ${what}`;
  const may = isIdle(row) ? t("idle") : row.actions.map((action) => t(`action_${action}`)).join(", ");
  return (
    <RuleBox
      label={name}
      actions={
        <ActionIcon aria-label={t("remove_rule", { rule: name })} onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      }
    >
      {onToggle && (
        <RuleHead
          title={name}
          note={row.filter ? `${may} · ${t("rule_narrowed")}` : may}
          open={open}
          onToggle={onToggle}
        />
      )}
      {open && <RuleParts {...rule} entity={entity} />}
    </RuleBox>
  );
}

interface PartsProps extends Pick<RuleProps, "row" | "index" | "rows" | "entities" | "onChange"> {
  entity: Entity | undefined;
}

function RuleParts({ row, index, rows, entities, entity, onChange }: PartsProps) {
  const { t } = useTranslation("settings");
  const known = [
    { value: anyEntity, label: t("any_entity") },
    ...entities.map(({ key, label_plural }) => ({ value: key, label: label_plural })),
  ];
  const options = known.some(({ value }) => value === row.entity)
    ? known
    : [...known, { value: row.entity, label: row.entity }];
  return (
    <>
      <RuleLine label={t("rule")}>
        <Select
          size="xs"
          w={140}
          aria-label={t("rule")}
          allowDeselect={false}
          data={(["permission", "restriction"] as const).map((kind) => ({
            value: kind,
            label: t(`kind_${kind}`),
          }))}
          value={row.kind}
          onChange={(kind) => kind && onChange(changeRow(rows, index, { kind: kind as AccessRow["kind"] }))}
        />
        <Select
          size="xs"
          w={180}
          aria-label={t("records")}
          searchable
          allowDeselect={false}
          data={options}
          value={row.entity}
          onChange={(next) => next && onChange(changeRow(rows, index, { entity: next }))}
        />
      </RuleLine>
      {isCovering(row) && (
        <RuleLine label={t("covers")}>
          <MultiSelect
            size="xs"
            aria-label={t("covers")}
            data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
            value={row.covers ?? entities.map(({ key }) => key)}
            onChange={(covers) => onChange(changeRow(rows, index, { covers }))}
          />
          <Hint>{t("covers_note")}</Hint>
        </RuleLine>
      )}
      <RuleLine label={t("actions")}>
        {actions.map((action) => (
          <Checkbox
            key={action}
            size="xs"
            label={t(`action_${action}`)}
            checked={row.actions.includes(action)}
            onChange={(event) => onChange(toggleAction(rows, index, action, event.currentTarget.checked))}
          />
        ))}
        {isIdle(row) && <Hint>{t("idle")}</Hint>}
      </RuleLine>
      <RuleLine label={t("which")}>
        {!row.filter && <Secondary>{t("all_records")}</Secondary>}
        {entity ? (
          <FilterBar
            entity={entity}
            filter={row.filter}
            onChange={(filter) => onChange(setFilter(rows, index, filter))}
          />
        ) : (
          row.filter && <Hint>{JSON.stringify(row.filter)}</Hint>
        )}
      </RuleLine>
    </>
  );
}
