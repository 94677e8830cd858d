/** One action of a rule: what it is, and what it does it with. */
import { ActionIcon, Select, Textarea, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { definitionsQuery } from "@/api/processes";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { RuleBox, Stacked } from "@/ui/block";
import { FormNote } from "@/ui/form";
import { type ActionDraft, freshAction, kinds, knownKind, readJson } from "./automation-model";
import { FieldRows, Links, PaperInput, ScriptInput, Variables } from "./automation-more";
import { PeopleInput } from "./automation-people";
import { stagesOf, useActionName } from "./automation-words";
import { SpanInput } from "./pipelines/span-input";

interface Props {
  entity: Entity;
  action: ActionDraft;
  index: number;
  count: number;
  /** The server's words about a part of it. */
  wrong(part: string): string | undefined;
  put(action: ActionDraft): void;
  onMove(by: -1 | 1): void;
  onRemove(): void;
}

export function ActionForm({ entity, action, index, count, wrong, put, onMove, onRemove }: Props) {
  const { t } = useTranslation("automation");
  const name = useActionName();
  const known = knownKind(action.kind);
  const choices = kinds.filter((kind) => kind !== "move-stage" || entity.staged);
  return (
    <RuleBox
      label={t("action", { number: index + 1 })}
      actions={
        <>
          <ActionIcon
            aria-label={t("action_up", { number: index + 1 })}
            disabled={index === 0}
            onClick={() => onMove(-1)}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            aria-label={t("action_down", { number: index + 1 })}
            disabled={index === count - 1}
            onClick={() => onMove(1)}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon aria-label={t("action_remove", { number: index + 1 })} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </>
      }
    >
      <Stacked>
        <Select
          label={t("action", { number: index + 1 })}
          allowDeselect={false}
          data={[
            ...choices.map((kind) => ({ value: kind as string, label: name(kind) })),
            { value: "other", label: t("kind_else") },
          ]}
          value={known ?? "other"}
          error={known ? wrong("kind") : undefined}
          onChange={(kind) => kind && put(freshAction(kind === "other" ? "" : kind))}
        />
        <Parts entity={entity} action={action} wrong={wrong} put={put} />
        {wrong("parameters") && <FormNote urgent>{wrong("parameters")}</FormNote>}
      </Stacked>
    </RuleBox>
  );
}

type PartProps = Pick<Props, "entity" | "action" | "wrong" | "put">;

function Parts({ entity, action, wrong, put }: PartProps) {
  const { t } = useTranslation("automation");
  const set = (key: string) => (text: string) => put({ ...action, texts: { ...action.texts, [key]: text } });
  const of = (key: string) => ({ value: action.texts[key] ?? "", error: wrong(`parameters.${key}`) });
  const line = (key: "title" | "subject" | "url" | "message" | "key", hint?: string) => (
    <TextInput
      label={t(`part_${key}`)}
      description={hint}
      inputWrapperOrder={["label", "input", "description", "error"]}
      {...of(key)}
      onChange={(event) => set(key)(event.currentTarget.value)}
    />
  );
  const area = (key: "description" | "text", hint?: string) => (
    <Textarea
      label={t(`part_${key}`)}
      description={hint}
      inputWrapperOrder={["label", "input", "description", "error"]}
      autosize
      minRows={2}
      maxRows={12}
      {...of(key)}
      onChange={(event) => set(key)(event.currentTarget.value)}
    />
  );
  switch (knownKind(action.kind)) {
    case "task":
      return (
        <>
          {line("title")}
          {area("description")}
          <PeopleInput label={t("part_executors")} {...of("executors")} onChange={set("executors")} />
          <SpanInput
            label={t("part_within")}
            description={t("within_hint")}
            {...of("within")}
            onChange={set("within")}
          />
        </>
      );
    case "notice":
      return (
        <>
          <PeopleInput label={t("part_to")} {...of("to")} onChange={set("to")} />
          {area("text", t("text_hint", { example: "{{record.title}}" }))}
        </>
      );
    case "email":
      return (
        <>
          <PeopleInput letter label={t("part_to")} {...of("to")} onChange={set("to")} />
          {line("subject")}
          {area("text", t("text_hint", { example: "{{record.title}}" }))}
        </>
      );
    case "set-fields":
      return (
        <FieldRows
          fields={entity.fields}
          rows={action.rows}
          wrong={(key) => wrong(`parameters.${key}`)}
          put={(rows) => put({ ...action, rows })}
        />
      );
    case "move-stage":
      return (
        <Select
          label={t("stage")}
          searchable
          data={stagesOf(entity)}
          {...of("stage")}
          onChange={(stage) => set("stage")(stage ?? "")}
        />
      );
    case "create-record":
      return <NewRecord action={action} wrong={wrong} put={put} />;
    case "link":
    case "unlink":
      return <Links entity={entity} action={action} wrong={wrong} put={put} />;
    case "document":
      return <PaperInput entity={entity} {...of("template")} onChange={set("template")} />;
    case "message":
      return (
        <>
          {line("message")}
          {line("key", t("key_hint"))}
          <Variables action={action} wrong={wrong} put={put} />
        </>
      );
    case "script":
      return <ScriptInput {...of("script")} onChange={set("script")} />;
    case "start-process":
      return <Process {...of("process")} onChange={set("process")} />;
    case "webhook":
      return line("url");
    default:
      return <Other action={action} wrong={wrong} put={put} />;
  }
}

function NewRecord({ action, wrong, put }: Omit<PartProps, "entity">) {
  const { t } = useTranslation("automation");
  const entities = useEntities().filter(({ actions }) => actions.create);
  const made = entities.find(({ key }) => key === action.texts.entity);
  return (
    <>
      <Select
        label={t("part_entity")}
        searchable
        data={entities.map(({ key, label }) => ({ value: key, label }))}
        value={action.texts.entity ?? null}
        error={wrong("parameters.entity")}
        onChange={(entity) => put({ ...action, texts: entity ? { entity } : {}, rows: [] })}
      />
      {made && (
        <FieldRows
          fields={made.fields}
          rows={action.rows}
          wrong={(key) => wrong(`parameters.${key}`)}
          put={(rows) => put({ ...action, rows })}
        />
      )}
    </>
  );
}

interface ProcessProps {
  value: string;
  error?: string;
  onChange(value: string): void;
}

function Process({ value, error, onChange }: ProcessProps) {
  const { t } = useTranslation("automation");
  const definitions = useQuery(definitionsQuery).data ?? [];
  return (
    <Select
      label={t("part_process")}
      searchable
      data={definitions.map(({ key, name }) => ({ value: key, label: name || key }))}
      value={value || null}
      error={error}
      onChange={(key) => onChange(key ?? "")}
    />
  );
}

function Other({ action, wrong, put }: Omit<PartProps, "entity">) {
  const { t } = useTranslation("automation");
  const unread = readJson(action.json) === undefined ? t("json_wrong") : undefined;
  return (
    <>
      <TextInput
        label={t("part_kind")}
        placeholder="plugin:acme.prices/discount"
        value={action.kind}
        error={wrong("kind")}
        onChange={(event) => put({ ...action, kind: event.currentTarget.value })}
      />
      <Textarea
        label={t("part_json")}
        autosize
        minRows={2}
        maxRows={12}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--font-mono)", fontSize: 12 } }}
        value={action.json}
        error={unread}
        onChange={(event) => put({ ...action, json: event.currentTarget.value })}
      />
    </>
  );
}
