/** What becomes of entities, fields, stages and constraints when a version is enabled, in the server's words. */
import { IconDatabase, IconDatabaseOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PluginDetail } from "@/api/types";
import { Hint, ItemBody, ItemLine, ItemList, Tag } from "@/ui/block";

type Change = PluginDetail["schema"][number];

/** What goes away asks for a second look. */
const gone = (change: Change) => change.what.endsWith("_gone");

export function SchemaChanges({ changes }: { changes: Change[] }) {
  const { t } = useTranslation("plugins");
  return (
    <ItemList>
      {changes.map((change) => (
        <ItemLine key={`${change.what} ${change.entity} ${change.key ?? ""}`}>
          <ItemBody
            icon={gone(change) ? <IconDatabaseOff size={18} /> : <IconDatabase size={18} />}
            title={change.key ? `${change.entity_label}: ${change.label}` : change.entity_label}
            tags={
              <Tag tone={change.refused ? "danger" : gone(change) ? "warn" : "plain"}>
                {t(`schema_${change.what}`)}
              </Tag>
            }
            note={change.refused && <Hint>{change.refused}</Hint>}
          />
        </ItemLine>
      ))}
    </ItemList>
  );
}
