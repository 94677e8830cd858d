/** The files of a record: the first row of a source whose rows are records. */
import { useTranslation } from "react-i18next";
import { usePage, useSay } from "@/engines/blocks/context";
import { Gate } from "@/engines/blocks/gate";
import type { FilesBlock } from "@/engines/blocks/tree";
import { RecordFiles } from "@/engines/files/record-files";

export function FilesView({ block }: { block: FilesBlock }) {
  const { t } = useTranslation("blocks");
  const { files } = usePage().setup.backend;
  const say = useSay();
  return (
    <Gate block={block} sources={[block.source]} height={120}>
      {(data) => {
        const row = data?.rows?.[0];
        const entity = row?.entity ?? data?.shape?.key;
        if (!files || !row || !entity) return null;
        return (
          <RecordFiles
            door={files}
            entity={entity}
            id={row.id}
            label={say(block.title) || t("files")}
            changes={block.upload === true}
            accept={block.accept}
            most={block.max_mb}
          />
        );
      }}
    </Gate>
  );
}
