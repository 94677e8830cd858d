/** Days typed instead of dragged: the menu's way to move what stands on a time line. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentLocale } from "@/i18n";
import { readDay, writeDay } from "@/i18n/read";
import { AskButtons, AskFields } from "@/ui/block-frame";

interface Props {
  title: string;
  start: string;
  /** Left out: only one day is asked. */
  end?: string;
  onClose(): void;
  onSave(to: { start: string; end: string }): void;
}

export function DaysDialog({ title, start, end, onClose, onSave }: Props) {
  const { t } = useTranslation(["blocks", "common"]);
  const locale = currentLocale();
  const [first, setFirst] = useState(writeDay(start, locale));
  const [last, setLast] = useState(end === undefined ? "" : writeDay(end, locale));
  const [tried, setTried] = useState(false);
  const from = readDay(first, locale);
  const to = end === undefined ? from : readDay(last, locale);
  const wrong = from && to && to < from ? t("blocks:end_before_start") : undefined;
  const save = () => {
    setTried(true);
    if (!from || !to || wrong) return;
    onSave({ start: from, end: to });
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common:close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <AskFields>
          <TextInput
            data-autofocus
            label={t(end === undefined ? "blocks:day" : "blocks:first_day")}
            value={first}
            error={tried && !from ? t("blocks:no_day") : undefined}
            onChange={(event) => setFirst(event.currentTarget.value)}
          />
          {end !== undefined && (
            <TextInput
              label={t("blocks:last_day")}
              value={last}
              error={tried ? (to ? wrong : t("blocks:no_day")) : undefined}
              onChange={(event) => setLast(event.currentTarget.value)}
            />
          )}
        </AskFields>
        <AskButtons>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit">{t("blocks:move")}</Button>
        </AskButtons>
      </form>
    </Modal>
  );
}
