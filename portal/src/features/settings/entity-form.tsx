/** A kind of record to make, and other names for one that there is. */
import { Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createEntity, entityActsQuery, renameEntity } from "@/api/entities";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { currentLocale, locales } from "@/i18n";
import { Hint } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import {
  type EntityDraft,
  keyTrouble,
  mostOfKey,
  newEntity,
  renamed,
  suggestedKey,
  type Told,
  toldOf,
} from "./entities-model";
import { noWords, type Words } from "./fields-model";
import { nameOf } from "./pipelines/model";
import { WordsInput } from "./pipelines/words";

export function NewEntityForm({ onEdit }: { onEdit(key?: string): void }) {
  const { t } = useTranslation(["entities", "common"]);
  const entities = useEntities();
  const acts = useQuery(entityActsQuery).data ?? [];
  const taken = [...entities.map(({ key }) => key), ...toldOf(acts).keys()];
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

interface RenameProps {
  entity: Entity;
  told?: Told;
  onClose(): void;
}

/** Names go to the server whole. Where the other languages are not known they are asked for, so that none is lost. */
export function RenameEntity({ entity, told, onClose }: RenameProps) {
  const { t } = useTranslation(["entities", "common"]);
  const own = currentLocale();
  const known = told?.label !== undefined && told.plural !== undefined;
  const [names, setNames] = useState<{ label: Words; plural: Words }>(() => ({
    label: told?.label ?? { ...noWords(), [own]: entity.label },
    plural: told?.plural ?? { ...noWords(), [own]: entity.label_plural },
  }));
  const [tried, setTried] = useState(false);
  const whole = (words: Words) => locales.every(({ code }) => words[code].trim() !== "");
  const named = known
    ? nameOf(names.label, own) !== ""
    : whole(names.label) && (whole(names.plural) || nameOf(names.plural, own) === "");
  const save = useMutation({
    mutationFn: () => renameEntity(entity.key, renamed(names.label, names.plural)),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const wrong = t(known ? "entities:name_needed" : "entities:all_languages");
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
      {!known && <Hint>{t("entities:all_languages")}</Hint>}
      <Names
        label={names.label}
        plural={names.plural}
        error={save.error}
        wrong={tried && !named ? wrong : undefined}
        onChange={(part) => setNames((before) => ({ ...before, ...part }))}
      />
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
