/** A kind of record to make, and for one that there is other names, a picture and a place in the menu. */
import { Checkbox, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changeEntity, createEntity, removedEntitiesQuery } from "@/api/entities";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { neighboursOf } from "@/engines/menu";
import { currentLocale } from "@/i18n";
import { Hint } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import {
  type EntityDraft,
  keyTrouble,
  menuDraft,
  menuPatch,
  mostOfKey,
  namesOf,
  newEntity,
  renamed,
  suggestedKey,
} from "./entities-model";
import { noWords, type Words } from "./fields-model";
import { IconSelect } from "./icon-select";
import { nameOf } from "./pipelines/model";
import { WordsInput } from "./pipelines/words";

export function NewEntityForm({ onEdit }: { onEdit(key?: string): void }) {
  const { t } = useTranslation(["entities", "common"]);
  const entities = useEntities();
  const removed = useQuery(removedEntitiesQuery).data ?? [];
  const taken = [...entities, ...removed].map(({ key }) => key);
  const [draft, setDraft] = useState<EntityDraft>(() => ({
    label: noWords(),
    plural: noWords(),
    key: "",
    staged: false,
  }));
  const [tried, setTried] = useState(false);
  const put = (part: Partial<EntityDraft>) => setDraft((before) => ({ ...before, ...part }));
  const named = nameOf(draft.label, currentLocale()) !== "";
  const trouble = keyTrouble(draft.key, taken);
  const save = useMutation({
    mutationFn: () => createEntity(newEntity(draft)),
    onSuccess: (made) => {
      toast({ message: t("entities:made", { name: made.label_plural }), kind: "done" });
      onEdit(made.key);
    },
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={t("entities:add")}
      submit={t("common:add")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={["label", "label_plural", "key"]}
      onClose={() => onEdit()}
      onSubmit={() => {
        setTried(true);
        if (named && !trouble) send();
      }}
    >
      <Names
        label={draft.label}
        plural={draft.plural}
        error={save.error}
        wrong={tried && !named ? t("entities:name_needed") : undefined}
        onChange={put}
      />
      <TextInput
        label={t("entities:key")}
        description={t("entities:key_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        maxLength={mostOfKey}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        placeholder={suggestedKey(draft.label, taken)}
        value={draft.key}
        error={
          trouble && tried
            ? t(`entities:key_${trouble}`, { max: mostOfKey })
            : fieldRefusal(save.error, "key")
        }
        onChange={(event) => put({ key: event.currentTarget.value })}
      />
      <Checkbox
        label={t("entities:staged")}
        description={t("entities:staged_hint")}
        checked={draft.staged}
        onChange={(event) => put({ staged: event.currentTarget.checked })}
      />
    </FormDrawer>
  );
}

interface ChangeProps {
  entity: Entity;
  onClose(): void;
}

/** Names go to the server whole. */
export function RenameEntity({ entity, onClose }: ChangeProps) {
  const { t } = useTranslation(["entities", "common"]);
  const [names, setNames] = useState<{ label: Words; plural: Words }>(() => namesOf(entity));
  const [tried, setTried] = useState(false);
  const named = nameOf(names.label, currentLocale()) !== "";
  const save = useMutation({
    mutationFn: () => changeEntity(entity.key, renamed(names.label, names.plural)),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={entity.label_plural}
      submit={t("common:save")}
      values={names}
      pending={save.isPending}
      error={save.error}
      fields={["label", "label_plural"]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (named) send();
      }}
    >
      <Names
        label={names.label}
        plural={names.plural}
        error={save.error}
        wrong={tried && !named ? t("entities:name_needed") : undefined}
        onChange={(part) => setNames((before) => ({ ...before, ...part }))}
      />
    </FormDrawer>
  );
}

/** A kind of the company's own among the others in the menu. */
export function PlaceEntity({ entity, onClose }: ChangeProps) {
  const { t } = useTranslation(["entities", "common"]);
  const neighbours = neighboursOf(entity, useEntities());
  const [draft, setDraft] = useState(() =>
    menuDraft(
      entity,
      neighbours.map(({ key }) => key),
    ),
  );
  const save = useMutation({
    mutationFn: () => changeEntity(entity.key, menuPatch(draft)),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={t("entities:menu_of", { name: entity.label_plural })}
      submit={t("common:save")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={["icon", "menu.before"]}
      onClose={onClose}
      onSubmit={() => send()}
    >
      <IconSelect
        value={draft.icon}
        error={fieldRefusal(save.error, "icon")}
        onChange={(icon) => setDraft({ ...draft, icon })}
      />
      <Checkbox
        label={t("entities:menu_shown")}
        description={t("entities:menu_shown_hint")}
        checked={draft.shown}
        onChange={(event) => setDraft({ ...draft, shown: event.currentTarget.checked })}
      />
      {draft.shown && (
        <Select
          label={t("entities:menu_before")}
          placeholder={t("entities:menu_end")}
          clearable
          searchable
          nothingFoundMessage={t("entities:nothing_found")}
          data={neighbours.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
          value={draft.before || null}
          error={fieldRefusal(save.error, "menu.before")}
          onChange={(before) => setDraft({ ...draft, before: before ?? "" })}
        />
      )}
    </FormDrawer>
  );
}

interface NamesProps {
  label: Words;
  plural: Words;
  error: unknown;
  wrong?: string;
  onChange(part: { label?: Words; plural?: Words }): void;
}

function Names({ label, plural, error, wrong, onChange }: NamesProps) {
  const { t } = useTranslation("entities");
  return (
    <>
      <Hint>{t("name_hint")}</Hint>
      <WordsInput
        label={t("name")}
        focus
        value={label}
        error={wrong ?? fieldRefusal(error, "label")}
        onChange={(words) => onChange({ label: { ...noWords(), ...words } })}
      />
      <Hint>{t("plural_hint")}</Hint>
      <WordsInput
        label={t("plural")}
        value={plural}
        error={fieldRefusal(error, "label_plural")}
        onChange={(words) => onChange({ plural: { ...noWords(), ...words } })}
      />
    </>
  );
}
