/**
 * Picking the record that a task or an activity is about: of which kind, then which one. The kind stands in a field
 * beside this one and changes together with it.
 */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { recordQuery } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Field, Refs, Value } from "@/api/types";
import type { Shape } from "@/engines/source";
import { SideBySide } from "@/ui/field";
import { FormWide } from "@/ui/form";
import type { EditorProps } from "./editor-props";
import { LinkEditor } from "./link-editor";
import { fieldOf, titleOf } from "./text";

/** The field that says of which entity the record is. */
export const entity_beside = "record_entity";

/** What a record may be about, of what this person may see. */
function useKinds(shape: Shape): { value: string; label: string }[] {
  const entities = useEntities();
  const choices = fieldOf(shape, entity_beside)?.choices ?? [];
  return choices
    .filter((choice) => !choice.archived && entities.some(({ key }) => key === choice.value))
    .map(({ value, label }) => ({ value, label }));
}

/** The title of what stands there already, when nobody has said it. */
function useTitle(entity: string | undefined, value: Value, refs: Refs): Refs {
  const { t } = useTranslation("fields");
  const shape = useEntities().find(({ key }) => key === entity);
  const id = typeof value === "string" ? value : "";
  const { data } = useQuery({
    ...recordQuery(entity ?? "", id),
    enabled: shape !== undefined && id !== "" && !refs[id],
    retry: false,
  });
  if (!shape || !data) return refs;
  return { [id]: { entity: shape.key, title: titleOf(shape, data.fields, t("untitled")) }, ...refs };
}

export function RecordEditor(props: EditorProps) {
  const { entity: shape, field, value, fields, label, autoFocus, nested, onChange, onCommit } = props;
  const { t } = useTranslation("fields");
  const kinds = useKinds(shape);
  const stored = fields?.[entity_beside];
  const [chosen, setChosen] = useState<string>();
  const kind = chosen ?? (typeof stored === "string" && stored ? stored : kinds[0]?.value);
  const refs = useTitle(kind, value, props.refs);
  const own: Field = { ...field, type: "link", entity: kind, entities: undefined };
  // A kind without a record says nothing: the two are there together or not at all.
  const beside = (next: Value) => ({ [entity_beside]: next ? kind : null });
  return (
    <SideBySide>
      <Select
        {...(label ? { label } : { "aria-label": t("kind_of", { label: field.label }) })}
        w={150}
        autoFocus={autoFocus}
        data-autofocus={autoFocus || undefined}
        allowDeselect={false}
        comboboxProps={{ withinPortal: !nested }}
        data={kinds}
        value={kind ?? null}
        onChange={(next) => {
          if (!next || next === kind) return;
          setChosen(next);
          onChange(null, undefined, { [entity_beside]: null });
        }}
      />
      <FormWide>
        <LinkEditor
          {...props}
          key={kind}
          field={own}
          refs={refs}
          label={label ? t("which_record") : undefined}
          autoFocus={false}
          open={false}
          onChange={(next, more) => onChange(next, more, beside(next))}
          onCommit={onCommit && ((next, more) => onCommit(next, more, beside(next)))}
        />
      </FormWide>
    </SideBySide>
  );
}
