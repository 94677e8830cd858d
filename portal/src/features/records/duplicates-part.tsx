/** On a card: records that may be the same, and the way to merge them. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { findDuplicates } from "@/api/merge";
import type { Entity, RecordData } from "@/api/types";
import { CardSection } from "@/ui/panel";
import { PickList } from "@/ui/pick-list";
import { DuplicateLink } from "./alike";

const MergeDialog = lazy(() => import("./merge-dialog"));

export default function DuplicatesPart({ entity, record }: { entity: Entity; record: RecordData }) {
  const { t } = useTranslation("records");
  const [merging, setMerging] = useState(false);
  const found = useQuery({
    queryKey: keys.duplicates(entity.key, record.id, record.version),
    queryFn: ({ signal }) => findDuplicates(entity.key, { id: record.id }, signal),
  });
  const items = found.data?.items ?? [];
  if (items.length === 0) return null;
  const same = items.filter((one) => one.record.entity === entity.key).slice(0, 9);
  const may = entity.actions.update && entity.actions.delete && same.length > 0;
  return (
    <CardSection title={t("duplicates")}>
      <PickList>
        {items.map((one) => (
          <DuplicateLink key={one.record.id} duplicate={one} />
        ))}
      </PickList>
      {may && (
        <Button variant="default" size="compact-sm" onClick={() => setMerging(true)}>
          {t("duplicates_ask")}
        </Button>
      )}
      {merging && (
        <Suspense>
          <MergeDialog
            entity={entity}
            ids={[record.id, ...same.map((one) => one.record.id)]}
            onClose={() => setMerging(false)}
          />
        </Suspense>
      )}
    </CardSection>
  );
}
