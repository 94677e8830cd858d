/** One kind of record: whose it is, the ways to what it consists of, other names, and its removal. */
import { ActionIcon, Button } from "@mantine/core";
import {
  IconArrowLeft,
  IconForms,
  IconLayoutList,
  IconLayoutSidebar,
  IconPencil,
  IconShieldLock,
  IconTimeline,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { entityCountQuery, removeEntity, restoreEntity } from "@/api/entities";
import { messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import type { SettingsSection } from "@/state/search";
import { Block, Facts, ItemBody, ItemList, itemClass, Lead } from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { linkingTo, ownerOf } from "./entities-model";
import { PlaceEntity, RenameEntity } from "./entity-form";
import { usersOf } from "./users-of";

interface Props {
  entity: Entity;
  onClose(): void;
}

export function EntityPage({ entity, onClose }: Props) {
  const { t } = useTranslation(["entities", "common"]);
  const [open, setOpen] = useState<"name" | "menu" | "remove">();
  const count = useQuery(entityCountQuery(entity.key)).data;
  const owner = ownerOf(entity);
  const close = () => setOpen(undefined);
  return (
    <>
      <Block
        title={entity.label_plural}
        note={entity.key}
        actions={
          <>
            <ActionIcon aria-label={t("entities:to_all")} onClick={onClose}>
              <IconArrowLeft size={18} />
            </ActionIcon>
            {owner !== "product" && (
              <>
                <Button variant="default" aria-label={t("entities:rename")} onClick={() => setOpen("name")}>
                  <IconText icon={<IconPencil size={16} />}>{t("entities:rename")}</IconText>
                </Button>
                {owner === "own" && (
                  <Button variant="default" aria-label={t("entities:menu")} onClick={() => setOpen("menu")}>
                    <IconText icon={<IconLayoutSidebar size={16} />}>{t("entities:menu")}</IconText>
                  </Button>
                )}
                <Button
                  variant="default"
                  color="red"
                  aria-label={t("entities:remove")}
                  onClick={() => setOpen("remove")}
                >
                  <IconText icon={<IconTrash size={16} />}>{t("entities:remove")}</IconText>
                </Button>
              </>
            )}
          </>
        }
      >
        <Facts
          items={[
            { label: t("entities:name"), value: entity.label },
            { label: t("entities:facts_owner"), value: t(`entities:owner_${owner}`) },
            ...(count === undefined
              ? []
              : [{ label: t("entities:facts_records"), value: t("common:records", { count }) }]),
          ]}
        />
      </Block>
      <Block title={t("entities:next")}>
        <Parts entity={entity} />
      </Block>
      {open === "name" && <RenameEntity entity={entity} onClose={close} />}
      {open === "menu" && <PlaceEntity entity={entity} onClose={close} />}
      {open === "remove" && <RemoveEntity entity={entity} count={count} onGone={onClose} onClose={close} />}
    </>
  );
}

/** The ways to everything that makes a kind of record what it is. */
function Parts({ entity }: { entity: Entity }) {
  const { t } = useTranslation("entities");
  const fields = entity.fields.filter(({ part_of }) => !part_of).length;
  return (
    <ItemList>
      <Link to="/records/$entity" params={{ entity: entity.key }} className={itemClass}>
        <ItemBody icon={<IconLayoutList size={18} />} title={t("go_list")} note={t("go_list_note")} />
      </Link>
      <Way section="fields" edit={entity.key}>
        <ItemBody
          icon={<IconForms size={18} />}
          title={t("go_fields")}
          note={t("go_fields_note")}
          aside={t("fields_count", { count: fields })}
        />
      </Way>
      {entity.pipelines.map(({ id, name, stages }) => (
        <Way key={id} section="pipelines" edit={id}>
          <ItemBody
            icon={<IconTimeline size={18} />}
            title={t("go_pipeline", { name })}
            note={stages.map((stage) => stage.name).join(" · ")}
          />
        </Way>
      ))}
      <Way section="roles">
        <ItemBody icon={<IconShieldLock size={18} />} title={t("go_roles")} note={t("go_roles_note")} />
      </Way>
    </ItemList>
  );
}

function Way({ section, edit, children }: { section: SettingsSection; edit?: string; children: ReactNode }) {
  return (
    <Link
      to="/settings/$section"
      params={{ section }}
      search={edit ? { edit } : {}}
      className={itemClass}
      data-testid={`go-${section}`}
    >
      {children}
    </Link>
  );
}

interface RemoveProps extends Props {
  entity: Entity;
  count?: number;
  onGone(): void;
}

/** Says what goes with it before it is done; the way back is at hand at once, and later in the list. */
function RemoveEntity({ entity, count, onGone, onClose }: RemoveProps) {
  const { t } = useTranslation(["entities", "common"]);
  const name = entity.label_plural;
  const links = linkingTo(useEntities(), entity.key);
  const remove = useMutation({
    mutationFn: () => removeEntity(entity.key),
    onSuccess: () => {
      const back = () => void restoreEntity(entity.key).catch(toastError);
      toast({
        message: t("entities:hidden", { name }),
        action: { label: t("common:undo"), run: back },
      });
      onGone();
    },
  });
  const send = useOnce(remove.mutateAsync);
  const users = usersOf(remove.error);
  const problem =
    users.length > 0
      ? t("entities:in_use", { users: users.join(", ") })
      : remove.error && messageOf(remove.error, t("common:network"));
  return (
    <Confirm
      title={t("entities:remove_title", { name })}
      text={t("entities:remove_text")}
      yes={t("entities:remove")}
      no={t("common:cancel")}
      close={t("common:close")}
      danger
      pending={remove.isPending}
      problem={
        <>
          {count !== undefined && <Lead>{t("common:records", { count })}</Lead>}
          {links.length > 0 && (
            <Lead>
              {t("entities:remove_links", {
                fields: links.map((one) => `${one.entity.label_plural}: ${one.field.label}`).join(", "),
              })}
            </Lead>
          )}
          {problem && <FormProblem>{problem}</FormProblem>}
        </>
      }
      onYes={() => send()}
      onNo={onClose}
    />
  );
}
