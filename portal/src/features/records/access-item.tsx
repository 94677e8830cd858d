/** In the menu of a card: who may do what with the record. For administrators and whoever it belongs to. */
import { Menu } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { RecordData } from "@/api/types";

export default function AccessItem({ record, onOpen }: { record: RecordData; onOpen(): void }) {
  const { t } = useTranslation("records");
  const me = useMe();
  if (!me.admin && record.fields.owner !== me.user.id) return null;
  return (
    <Menu.Item leftSection={<IconLock size={16} />} onClick={onOpen}>
      {t("access")}
    </Menu.Item>
  );
}
