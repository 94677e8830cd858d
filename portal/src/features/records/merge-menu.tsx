/** For chosen rows of a list: several into one. */
import { Button } from "@mantine/core";
import { IconArrowMerge } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Id } from "@/api/types";

const MergeDialog = lazy(() => import("./merge-dialog"));
const most = 10;

interface Props {
  entity: Entity;
  ids: Id[];
  /** Merged: nothing stays chosen. */
  onDone?(refused: Id[]): void;
}

export default function MergeMenu({ entity, ids, onDone }: Props) {
  const { t } = useTranslation("records");
  const [merging, setMerging] = useState<Id[] | null>(null);
  const fits = ids.length >= 2 && ids.length <= most;
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        leftSection={<IconArrowMerge size={16} />}
        disabled={!fits}
        title={fits ? undefined : t("merge_limits")}
        onClick={() => setMerging(ids)}
      >
        {t("merge")}
      </Button>
      {merging && (
        <Suspense>
          <MergeDialog
            entity={entity}
            ids={merging}
            onClose={() => setMerging(null)}
            onMerged={() => onDone?.([])}
          />
        </Suspense>
      )}
    </>
  );
}
