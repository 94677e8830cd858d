/** Roles of the company; one opens into the editor of its rights. */
import { Button } from "@mantine/core";
import { IconPlus, IconUserShield } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, usersQuery } from "@/api/people";
import { useEntities } from "@/api/session";
import type { Id, Role } from "@/api/types";
import { Block, BlockBones, Buttons, ItemBody, ItemList, itemClass, Notice, Stacked, Tag } from "@/ui/block";
import { IconText } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { sees } from "./rights";
import { hasRoleDraft } from "./role-draft";
import { RoleEditor } from "./role-editor";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export default function Roles({ editing, onEdit }: Props) {
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
      <Unseen roles={roles} onEdit={onEdit} />
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {roles.length > 0 && (
        <ItemList>
          {roles.map((role) => (
            <button type="button" key={role.id} className={itemClass} onClick={() => onEdit(role.id)}>
              <ItemBody
                icon={<IconUserShield size={18} />}
                title={role.name}
                tags={
                  <>
                    {role.admin && <Tag tone="accent">{t("settings:everything")}</Tag>}
                    {hasRoleDraft(role.id) && <Tag tone="warn">{t("settings:not_saved")}</Tag>}
                  </>
                }
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

/** A new entity stays closed to everybody but administrators until a role opens it: said where roles are. */
function Unseen({ roles, onEdit }: { roles: Role[]; onEdit(id: Id): void }) {
  const { t } = useTranslation("settings");
  const own = useEntities().filter((entity) => entity.own || entity.plugin);
  const working = roles.filter((role) => !role.admin);
  return own
    .filter((entity) => working.length > 0 && !working.some((role) => sees(role, entity.key)))
    .map((entity) => (
      <Notice key={entity.key} tone="warn" title={t("nobody_sees", { entity: entity.label_plural })}>
        <Stacked>
          {t("nobody_sees_text")}
          <Buttons>
            {working.map((role) => (
              <Button key={role.id} variant="default" size="compact-sm" onClick={() => onEdit(role.id)}>
                {role.name}
              </Button>
            ))}
          </Buttons>
        </Stacked>
      </Notice>
    ));
}
