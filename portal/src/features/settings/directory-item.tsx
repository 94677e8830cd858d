/** One item: its name in each language, colour, what it stands under, whether it is offered. */
import { Checkbox, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentLocale } from "@/i18n";
import { FormDrawer } from "@/ui/form-drawer";
import { Swatches } from "@/ui/ordered";
import { type ItemDraft, type Placed, possibleParents } from "./directory-model";
import { colors, nameOf } from "./pipelines/model";
import { WordsInput } from "./pipelines/words";

interface Props {
  item: ItemDraft;
  all: ItemDraft[];
  isNew: boolean;
  onDone(item: ItemDraft): void;
  onClose(): void;
}

/** Items as options, indented as they stand. */
export const optionsOf = (rows: Placed[]) =>
  rows.map(({ item, depth }) => ({
    value: item.id,
    label: `${"\u2003".repeat(depth)}${nameOf(item.label, currentLocale())}`,
  }));

export function ItemForm({ item, all, isNew, onDone, onClose }: Props) {
  const { t } = useTranslation(["directories", "common"]);
  const [draft, setDraft] = useState(item);
  const [tried, setTried] = useState(false);
  const change = (part: Partial<ItemDraft>) => setDraft((old) => ({ ...old, ...part }));
  const name = nameOf(draft.label, currentLocale());
  const parents = possibleParents(all, item.id);
  const palette = draft.color && !colors.includes(draft.color) ? [draft.color, ...colors] : colors;
  const swatches = palette.map((value, index) => ({
    value,
    label: t("directories:color_number", { number: index + 1 }),
  }));
  return (
    <FormDrawer
      title={isNew ? t("directories:add_item") : name || t("directories:item")}
      submit={t(isNew ? "common:add" : "directories:done")}
      values={draft}
      pending={false}
      error={undefined}
      fields={[]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (name) onDone(draft);
      }}
    >
      <WordsInput
        label={t("directories:name")}
        focus
        value={draft.label}
        error={tried && !name ? t("directories:name_needed") : undefined}
        onChange={(label) => change({ label })}
      />
      {parents.length > 0 && (
        <Select
          label={t("directories:under")}
          placeholder={t("directories:at_top")}
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("directories:at_top") }}
          data={optionsOf(parents)}
          value={draft.parent}
          onChange={(parent) => change({ parent })}
        />
      )}
      <Swatches
        label={t("directories:color")}
        colors={[{ value: "transparent", label: t("directories:color_none") }, ...swatches]}
        value={draft.color ?? "transparent"}
        onChange={(color) => change({ color: color === "transparent" ? null : color })}
      />
      {!isNew && (
        <Checkbox
          label={t("directories:archived")}
          description={t("directories:archived_hint")}
          checked={draft.archived}
          onChange={(event) => change({ archived: event.currentTarget.checked })}
        />
      )}
    </FormDrawer>
  );
}
