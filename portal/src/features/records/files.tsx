/** Files of a record on its card, loaded after the card. */
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, RecordData } from "@/api/types";
import { withAdminTexts } from "@/i18n";
import { CardSection } from "@/ui/panel";

// Its words are those of the block.
const FilesList = lazy(() => withAdminTexts(() => import("./files-list")));

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
