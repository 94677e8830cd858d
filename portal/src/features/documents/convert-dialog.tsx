/** A lead becomes a contact, a company and a deal: each is made, linked or left out. */
import { Button, SegmentedControl, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { convertLead } from "@/api/documents";
import { ApiError } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Entity, Field, Fields, RecordData, Refs } from "@/api/types";
import type { SaleCard } from "@/engines/card-parts";
import { FieldEditor } from "@/engines/fields/editor";
import { baseField, subjectShape } from "@/engines/fields/subject";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { FormHint, FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import {
  type Becoming,
  becoming,
  type Choice,
  calledAfter,
  convertible,
  type How,
  inputOf,
  missedOf,
  offered,
} from "./convert";
import { useConverted, useKnown } from "./use-convert";

export function ConvertDialog({ record, onClose }: SaleCard & { onClose(): void }) {
  const { t } = useTranslation("documents");
  const entities = useEntities();
  const { known, ready } = useKnown(record);
  const [chosen, setChosen] = useState<Partial<Record<Becoming, Choice>>>({});
  const converted = useConverted(record.id);
  const entityOf = (kind: Becoming) => entities.find(({ key, actions }) => key === kind && actions.read);
  const choiceOf = (kind: Becoming): Choice => {
    const found = { [kind]: known[kind]?.map(({ id }) => id) };
    return chosen[kind] ?? offered(kind, record.fields, found, Boolean(entityOf(kind)?.actions.create));
  };
  const choices = { contact: choiceOf("contact"), company: choiceOf("company"), deal: choiceOf("deal") };
  const run = useMutation({
    mutationFn: () => convertLead(record.id, inputOf(choices)),
    onSuccess: (made) => {
      onClose();
      converted(made);
    },
  });
  const named = run.error instanceof ApiError ? Object.keys(run.error.problem.fields ?? {}) : [];
  // Refusals of other fields stand above the form.
  const beside = becoming.flatMap((kind) => {
    const entity = choices[kind].how === "create" ? entityOf(kind) : undefined;
    const keys = entity ? missedOf(kind, named).filter((key) => fieldOf(entity, key)) : [];
    return keys.map((key) => `${kind}.${key}`);
  });
  const fits = convertible(Object.values(choices));
  return (
    <FormDrawer
      title={t("convert_title")}
      submit={t("convert_now")}
      // Who is known already is offered first.
      pending={run.isPending || !ready}
      error={run.error}
      fields={beside}
      values={chosen}
      onClose={onClose}
      onSubmit={() => fits && run.mutate()}
    >
      <FormNote>{t("convert_text")}</FormNote>
      {becoming.map((kind) => {
        const entity = entityOf(kind);
        if (!entity) return null;
        return (
          <BecomesPart
            key={kind}
            kind={kind}
            entity={entity}
            lead={record}
            known={known[kind] ?? []}
            choice={choices[kind]}
            missed={missedOf(kind, named)}
            error={run.error}
            onChange={(choice) => setChosen((old) => ({ ...old, [kind]: choice }))}
          />
        );
      })}
      {!fits && <FormNote urgent>{t("convert_nothing")}</FormNote>}
    </FormDrawer>
  );
}

interface PartProps {
  kind: Becoming;
  entity: Entity;
  lead: RecordData;
  /** Who may be meant. */
  known: RecordData[];
  choice: Choice;
  missed: string[];
  error: unknown;
  onChange(choice: Choice): void;
}

function BecomesPart(props: PartProps) {
  const { entity, choice, onChange } = props;
  const { t } = useTranslation("documents");
  const hows: How[] = entity.actions.create ? ["create", "link", "none"] : ["link", "none"];
  return (
    <Stack gap={6} role="group" aria-label={entity.label}>
      <b>{entity.label}</b>
      <SegmentedControl
        size="xs"
        aria-label={entity.label}
        value={choice.how}
        data={hows.map((how) => ({ value: how, label: t(`how_${how}`) }))}
        onChange={(how) => onChange({ ...choice, how: how as How })}
      />
      {choice.how === "create" && (
        <>
          <FormNote>{t("created_as", { title: calledAfter(props.kind, props.lead.fields) })}</FormNote>
          <Missed {...props} />
        </>
      )}
      {choice.how === "link" && <LinkChoice {...props} />}
      {choice.how !== "link" && <Known {...props} />}
    </Stack>
  );
}

/** What the company asks of every record of this kind and the lead does not say. */
function Missed({ kind, entity, choice, missed, error, onChange }: PartProps) {
  const [refs, setRefs] = useState<Refs>({});
  const asked = [...new Set([...Object.keys(choice.fields), ...missed])];
  const set = (fields: Fields) => onChange({ ...choice, fields: { ...choice.fields, ...fields } });
  return asked.map((key) => {
    const field = fieldOf(entity, key);
    if (!field) return null;
    return (
      <FieldEditor
        key={key}
        entity={entity}
        field={field}
        value={choice.fields[key] ?? null}
        fields={choice.fields}
        refs={refs}
        label={field.label}
        error={fieldRefusal(error, `${kind}.${key}`)}
        onChange={(value, more, beside) => {
          set({ [key]: value, ...beside });
          if (more) setRefs((old) => ({ ...old, ...more }));
        }}
      />
    );
  });
}

function LinkChoice({ entity, lead, known, choice, onChange }: PartProps) {
  const { t } = useTranslation(["documents", "fields"]);
  const [more, setMore] = useState<Refs>({});
  const titles = known.map(({ id, fields }) => [
    id,
    { entity: entity.key, title: titleOf(entity, fields, t("fields:untitled")) },
  ]);
  const refs = { ...lead.refs, ...Object.fromEntries(titles), ...more } as Refs;
  const label = t("documents:which", { entity: entity.label });
  const field = { ...baseField, key: entity.key, type: "link", label, entity: entity.key } as Field;
  return (
    <>
      <FieldEditor
        entity={subjectShape}
        field={field}
        value={choice.id ?? null}
        refs={refs}
        label={label}
        onChange={(value, found) => {
          onChange({ ...choice, id: typeof value === "string" ? value : undefined });
          if (found) setMore((old) => ({ ...old, ...found }));
        }}
      />
      {known.some(({ id }) => id === choice.id) && <FormNote>{t("documents:known_linked")}</FormNote>}
    </>
  );
}

function Known({ entity, known, choice, onChange }: PartProps) {
  const { t } = useTranslation(["documents", "fields"]);
  if (known.length === 0) return null;
  return (
    <FormHint title={t("documents:known")}>
      {known.map(({ id, fields }) => (
        <Button
          key={id}
          variant="default"
          size="compact-xs"
          onClick={() => onChange({ ...choice, how: "link", id })}
        >
          {t("documents:link_to", { title: titleOf(entity, fields, t("fields:untitled")) })}
        </Button>
      ))}
    </FormHint>
  );
}
