/** The list of files on a card. */
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import type { Entity, Id } from "@/api/types";
import { RecordFiles } from "@/engines/files/record-files";

export default function FilesList({ entity, id }: { entity: Entity; id: Id }) {
  const { t } = useTranslation("card");
  return (
    <RecordFiles
      door={files}
      entity={entity.key}
      id={id}
      label={t("files")}
      changes={entity.actions.update}
    />
  );
}
