/** Roles of the company; one opens into the editor of its rights. */
import { Button } from "@mantine/core";
import { IconPlus, IconUserShield } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, usersQuery } from "@/api/people";
import type { Id } from "@/api/types";
import { Block, BlockBones, ItemBody, ItemList, itemClass, Tag } from "@/ui/block";
import { IconText } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { RoleEditor } from "./role-editor";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export function Roles({ editing, onEdit }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const query = useQuery(rolesQuery);
  const users = useQuery(usersQuery).data ?? [];
  const roles = query.data ?? [];
  const edited = roles.find(({ id }) => id === editing);
  if (edited || editing === "new") return <RoleEditor key={editing} role={edited} onClose={() => onEdit()} />;
  return (
    <Block
      title={t("settings:section_roles")}
      note={t("settings:roles_note")}
      actions={
        <Button aria-label={t("settings:add_role")} onClick={() => onEdit("new")}>
          <IconText icon={<IconPlus size={16} />}>{t("settings:add_role")}</IconText>
        </Button>
      }
    >
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {roles.length > 0 && (
        <ItemList>
          {roles.map((role) => (
            <button type="button" key={role.id} className={itemClass} onClick={() => onEdit(role.id)}>
              <ItemBody
                icon={<IconUserShield size={18} />}
                title={role.name}
                tags={role.admin && <Tag tone="accent">{t("settings:everything")}</Tag>}
                note={
                  role.admin
                    ? t("settings:admin_note")
                    : [
                        t("settings:rules_count", { count: role.rows.length }),
                        ...(role.field_rights.length > 0
                          ? [t("settings:fields_count", { count: role.field_rights.length })]
                          : []),
                      ].join(" · ")
                }
                aside={t("settings:people_count", {
                  count: users.filter((user) => user.active && user.roles.includes(role.id)).length,
                })}
              />
            </button>
          ))}
        </ItemList>
      )}
    </Block>
  );
}
