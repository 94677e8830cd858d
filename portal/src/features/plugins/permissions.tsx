/** What a plugin may see and change, and why it wants it, in the server's words. */
import { IconCheck, IconShieldHalf } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PluginDetail } from "@/api/types";
import { Hint, ItemBody, ItemLine, ItemList, Lead, Tag } from "@/ui/block";
import { partsOf } from "./groups";

type Permission = PluginDetail["permissions"][number];

/** How much a difference from the version before asks of the reader. */
const tones = { new: "danger", wider: "danger", narrower: "plain", gone: "plain" } as const;

export function Permissions({ permissions, asking }: { permissions: Permission[]; asking?: boolean }) {
  const { t } = useTranslation("plugins");
  if (permissions.length === 0) return <Lead>{t("permissions_none")}</Lead>;
  return (
    <ItemList>
      {permissions.map((permission) => {
        const [subject, parts] = partsOf(permission.title);
        return (
          <ItemLine key={permission.key}>
            <ItemBody
              icon={permission.granted && !asking ? <IconCheck size={18} /> : <IconShieldHalf size={18} />}
              title={subject}
              tags={
                asking ? (
                  permission.change && (
                    <Tag tone={tones[permission.change]}>{t(`change_${permission.change}`)}</Tag>
                  )
                ) : (
                  <Tag tone={permission.granted ? "ok" : "plain"}>
                    {t(permission.granted ? "allowed" : "not_allowed")}
                  </Tag>
                )
              }
              note={
                <>
                  {parts.map((part) => (
                    <span key={part}>
                      {part}
                      <br />
                    </span>
                  ))}
                  <Hint>{permission.reason}</Hint>
                </>
              }
            />
          </ItemLine>
        );
      })}
    </ItemList>
  );
}
