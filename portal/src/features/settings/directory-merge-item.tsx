/** Which item takes the place of another: the records follow when the list is saved. */
import { Button, Modal, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentLocale } from "@/i18n";
import { Hint } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { useFocusBack } from "@/ui/use-focus-back";
import { optionsOf } from "./directory-item";
import { type ItemDraft, placed } from "./directory-model";
import { nameOf } from "./pipelines/model";

interface Props {
  item: ItemDraft;
  all: ItemDraft[];
  onDone(into: string): void;
  onClose(): void;
}

export function MergeItem({ item, all, onDone, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["directories", "common"]);
  const [into, setInto] = useState<string | null>(null);
  const name = nameOf(item.label, currentLocale());
  const others = placed(all).filter((row) => row.item.id !== item.id && row.item.saved && !row.item.archived);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("directories:merge_item_title", { name })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        <Select
          label={t("directories:becomes")}
          placeholder={t("directories:choose_item")}
          data-autofocus
          searchable
          allowDeselect={false}
          data={optionsOf(others)}
          value={into}
          onChange={setInto}
        />
        <Hint>{t("directories:merge_item_hint")}</Hint>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button disabled={into === null} onClick={() => into !== null && onDone(into)}>
            {t("directories:merge")}
          </Button>
        </FormActions>
      </Stack>
    </Modal>
  );
}
