/** Files of a record on its card, loaded after the card. */
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import type { Entity, RecordData } from "@/api/types";
import { CardSection } from "@/ui/panel";

const RecordFiles = lazy(() =>
  import("@/engines/files/record-files").then(({ RecordFiles }) => ({ default: RecordFiles })),
);

export function Files({ entity, record }: { entity: Entity; record: RecordData }) {
  const { t } = useTranslation("card");
  // A record in the bin shows none.
  if (record.fields.deleted_at) return null;
  return (
    <CardSection title={t("files")}>
      <Suspense>
        <RecordFiles
          door={files}
          entity={entity.key}
          id={record.id}
          label={t("files")}
          changes={entity.actions.update}
        />
      </Suspense>
    </CardSection>
  );
}
