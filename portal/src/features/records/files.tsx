/** Files of a record on its card, loaded after the card. */
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, RecordData } from "@/api/types";
import { CardSection } from "@/ui/panel";

const FilesList = lazy(() => import("./files-list"));

export function Files({ entity, record }: { entity: Entity; record: RecordData }) {
  const { t } = useTranslation("card");
  // A record in the bin shows none.
  if (record.fields.deleted_at) return null;
  return (
    <CardSection title={t("files")}>
      <Suspense>
        <FilesList entity={entity} id={record.id} />
      </Suspense>
    </CardSection>
  );
}
