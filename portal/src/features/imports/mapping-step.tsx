/**
 * Columns to fields, what to do with known clients, the dry run's answer. Choices are kept in this tab
 * until they are sent, so that looking elsewhere loses nothing.
 */
import { ActionIcon, Button, Checkbox, Radio, Select } from "@mantine/core";
import { IconPlayerPlay, IconReplace } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Choices, checkImport, startImport } from "@/api/imports";
import { messageOf } from "@/api/problem";
import { countRules } from "@/api/records";
import type { Duplicates, Entity, Import, ImportColumn } from "@/api/types";
import { Block, Buttons, type Column, DataTable, Hint, Notice, Stacked, Tag } from "@/ui/block";
import { HeaderBlock } from "./header-block";
import {
  choose,
  columnName,
  fieldOf,
  hasMeanings,
  leftOut,
  meaningsOf,
  missingRequired,
  sameChoices,
  takenFrom,
  toSend,
} from "./mapping";
import { ImportFigures, LeftOutNotice, Reasons, RefusedRows, ReportButton } from "./parts";

// Of few imports values are looked at.
const ValuesDialog = lazy(() => import("./values-dialog"));

const storageKey = (one: Import) => `verstak.import.${one.id}`;

function storedChoices(one: Import): Choices {
  try {
    const stored = JSON.parse(sessionStorage.getItem(storageKey(one)) ?? "null") as Choices | null;
    if (stored) return stored;
  } catch {
    // A broken note is no choice.
  }
  return { mapping: one.mapping, options: one.options };
}

const kinds: Duplicates[] = ["skip", "update", "create"];

export function MappingStep({ one, entity }: { one: Import; entity: Entity }) {
  const { t } = useTranslation(["imports", "common"]);
  const [choices, setChoices] = useState(() => storedChoices(one));
  const keep = (next: Choices) => {
    setChoices(next);
    sessionStorage.setItem(storageKey(one), JSON.stringify(next));
  };
  const { data: rules } = useQuery({
    queryKey: ["automations", "looking", entity.key, "import"],
    queryFn: () => countRules(entity.key, "create,update"),
    staleTime: 0,
  });
  const send = () => ({ ...choices, mapping: toSend(choices.mapping, one.columns) });
  const sent = { onSuccess: () => sessionStorage.removeItem(storageKey(one)) };
  const check = useMutation({ mutationFn: () => checkImport(one.id, send()), ...sent });
  const start = useMutation({ mutationFn: () => startImport(one.id, send()), ...sent });

  const checked = one.state === "checked";
  const changed =
    !sameChoices(choices.mapping, one.mapping, one.columns) ||
    choices.options.duplicates !== one.options.duplicates ||
    Boolean(choices.options.strict) !== Boolean(one.options.strict);
  const fresh = checked && !changed;
  const error = start.error ?? check.error;
  const missing = missingRequired(entity, choices.mapping, one.targets);
  const out = leftOut(choices.mapping, one.columns);
  const nothing = out.length === one.columns.length;
  const busy = check.isPending || start.isPending;
  const actions = (
    <Buttons>
      <Button
        variant={fresh ? "default" : "filled"}
        disabled={nothing || busy}
        loading={check.isPending}
        onClick={() => check.mutate()}
      >
        {t(checked ? "imports:check_again" : "imports:check")}
      </Button>
      <Button
        variant={fresh ? "filled" : "default"}
        disabled={nothing || busy || (fresh && one.accepted === 0)}
        loading={start.isPending}
        leftSection={<IconPlayerPlay size={16} />}
        onClick={() => start.mutate()}
      >
        {fresh ? t("imports:start_count", { count: one.accepted }) : t("imports:start")}
      </Button>
    </Buttons>
  );
  return (
    <>
      {error && <Notice tone="danger">{messageOf(error, t("common:network"))}</Notice>}
      {one.state === "failed" && (
        <Notice tone="danger" title={t("imports:check_failed")}>
          {one.problem}
        </Notice>
      )}
      {fresh && <CheckResult one={one} entity={entity} actions={actions} />}
      {checked && changed && <Notice tone="warn">{t("imports:changed_since")}</Notice>}
      <HeaderBlock one={one} onChosen={() => sessionStorage.removeItem(storageKey(one))} />
      <Block title={t("imports:columns")} note={t("imports:columns_note", { count: one.total })}>
        {missing.length > 0 && (
          <Notice
            tone="warn"
            title={t("imports:missing", { fields: missing.join(", "), count: missing.length })}
          >
            {t("imports:missing_text")}
          </Notice>
        )}
        <MappingTable one={one} entity={entity} choices={choices} onChange={keep} />
        {out.length > 0 && <Hint>{t("imports:left_out_count", { count: out.length })}</Hint>}
      </Block>
      <Block title={t("imports:duplicates")} note={t("imports:duplicates_note")}>
        <Radio.Group
          aria-label={t("imports:duplicates")}
          value={choices.options.duplicates}
          onChange={(next) =>
            keep({ ...choices, options: { ...choices.options, duplicates: next as Duplicates } })
          }
        >
          <Stacked>
            {kinds
              .filter((kind) => kind !== "update" || entity.actions.update)
              .map((kind) => (
                <Radio
                  key={kind}
                  size="sm"
                  value={kind}
                  label={t(`imports:duplicates_${kind}`)}
                  description={t(`imports:duplicates_${kind}_text`)}
                />
              ))}
          </Stacked>
        </Radio.Group>
        <Checkbox
          label={t("imports:strict")}
          description={t("imports:strict_text")}
          checked={choices.options.strict ?? false}
          onChange={(event) =>
            keep({ ...choices, options: { ...choices.options, strict: event.currentTarget.checked } })
          }
        />
        <Checkbox
          label={t("imports:run_rules")}
          description={rules === undefined ? undefined : t("imports:run_rules_count", { count: rules })}
          checked={choices.options.run_rules ?? false}
          onChange={(event) =>
            keep({ ...choices, options: { ...choices.options, run_rules: event.currentTarget.checked } })
          }
        />
      </Block>
      {!fresh && actions}
    </>
  );
}

function CheckResult({ one, entity, actions }: { one: Import; entity: Entity; actions: React.ReactNode }) {
  const { t } = useTranslation("imports");
  return (
    <>
      <Notice tone={one.refused > 0 ? "warn" : "ok"} title={t("checked")}>
        {t(one.refused === 0 ? "checked_fine" : one.accepted > 0 ? "checked_refused" : "checked_none")}
      </Notice>
      <ImportFigures one={one} dry />
      <Block>{actions}</Block>
      {one.partial > 0 && <LeftOutNotice one={one} dry />}
      <Reasons one={one} entity={entity} />
      {one.errors.some((error) => !error.left_out) ? (
        <RefusedRows one={one} entity={entity} />
      ) : (
        one.refused > 0 && <ReportButton one={one} />
      )}
    </>
  );
}

interface TableProps {
  one: Import;
  entity: Entity;
  choices: Choices;
  onChange(choices: Choices): void;
}

function MappingTable({ one, entity, choices, onChange }: TableProps) {
  const { t } = useTranslation(["imports", "fields"]);
  const [looked, setLooked] = useState<{ column: ImportColumn; field: string } | null>(null);
  const { mapping } = choices;
  const nameOf = (column: ImportColumn) => columnName(column, (number) => t("imports:unnamed", { number }));
  const optionsOf = (column: ImportColumn) =>
    one.targets.map(({ key, label }) => {
      const from = takenFrom(mapping, one.targets, one.columns, column.index, key);
      const chosen = fieldOf(mapping, column.index) === key;
      const label_ =
        from.length && !chosen ? t("imports:taken", { label, column: from.map(nameOf).join(", ") }) : label;
      return { value: key, label: label_ };
    });
  const columns: Column<ImportColumn>[] = [
    {
      key: "name",
      label: t("imports:column"),
      render: (column) => (
        <>
          {nameOf(column)}
          <Hint>{column.samples.slice(0, 3).join(" · ") || t("imports:no_samples")}</Hint>
        </>
      ),
      grow: true,
    },
    {
      key: "field",
      label: t("imports:field"),
      render: (column) => (
        <Select
          aria-label={t("imports:field_for", { column: nameOf(column) })}
          data={optionsOf(column)}
          value={fieldOf(mapping, column.index)}
          onChange={(field) =>
            onChange({ ...choices, mapping: choose(mapping, one.targets, column.index, field) })
          }
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("imports:leave_out", { column: nameOf(column) }) }}
          placeholder={t("imports:not_imported")}
          nothingFoundMessage={t("fields:nothing_found")}
          w={{ base: "100%", xs: 300 }}
        />
      ),
    },
    {
      key: "mark",
      label: t("imports:fate"),
      bare: true,
      render: (column) =>
        fieldOf(mapping, column.index) ? (
          <Tag tone="ok">{t("imports:goes")}</Tag>
        ) : (
          <Tag tone="warn">{t("imports:left_out")}</Tag>
        ),
    },
    {
      key: "values",
      label: t("imports:values"),
      bare: true,
      render: (column) => {
        const field = fieldOf(mapping, column.index);
        if (field === null || !hasMeanings(entity, field)) return null;
        const name = t("imports:values_of", { column: nameOf(column) });
        return (
          <ActionIcon
            aria-label={name}
            title={name}
            variant={meaningsOf(mapping, column.index).length > 0 ? "light" : "subtle"}
            onClick={() => setLooked({ column, field })}
          >
            <IconReplace size={18} />
          </ActionIcon>
        );
      },
    },
  ];
  return (
    <>
      <DataTable
        label={t("imports:columns")}
        columns={columns}
        rows={one.columns}
        keyOf={(column) => String(column.index)}
      />
      {looked && (
        <Suspense>
          <ValuesDialog
            one={one}
            column={looked.column.index}
            name={nameOf(looked.column)}
            field={looked.field}
            mapping={mapping}
            onChange={(next) => onChange({ ...choices, mapping: next })}
            onClose={() => setLooked(null)}
          />
        </Suspense>
      )}
    </>
  );
}
