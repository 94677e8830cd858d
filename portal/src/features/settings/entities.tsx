/** Kinds of records: the company's own, those of modules and of the product, and those that were removed. */
import { Button } from "@mantine/core";
import { IconPlus, IconStack2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type RemovedEntity, removedEntitiesQuery, restoreEntity } from "@/api/entities";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { Block, ItemBody, ItemLine, ItemList, itemClass, Notice, Tag } from "@/ui/block";
import { EntityIcon } from "@/ui/entity-icon";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { ownerOf, owners } from "./entities-model";
import { NewEntityForm } from "./entity-form";
import { EntityPage } from "./entity-page";

interface Props {
  /** The key of the open one; `new` makes one. */
  editing?: string;
  onEdit(key?: string): void;
}

export default function Entities({ editing, onEdit }: Props) {
  const { t } = useTranslation("entities");
  const entities = useEntities();
  const open = entities.find(({ key }) => key === editing);
  if (open) return <EntityPage key={open.key} entity={open} onClose={() => onEdit()} />;
  const own = entities.filter((one) => ownerOf(one) === "own");
  const add = (
    <Button aria-label={t("add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("add")}</IconText>
    </Button>
  );
  return (
    <>
      {editing && editing !== "new" && <Notice tone="warn">{t("gone")}</Notice>}
      <Block title={t("title")} note={t("note")} actions={own.length > 0 && add}>
        {own.length === 0 && (
          <EmptyState icon={<IconStack2 size={28} />} action={add}>
            {t("none")}
          </EmptyState>
        )}
        <Rows all={own} onEdit={onEdit} />
      </Block>
      <Removed />
      {owners
        .filter((owner) => owner !== "own")
        .map((owner) => {
          const all = entities.filter((one) => ownerOf(one) === owner);
          if (all.length === 0) return null;
          return (
            <Block key={owner} title={t(`owner_${owner}`)} note={t(`${owner}_note`)}>
              <Rows all={all} onEdit={onEdit} />
            </Block>
          );
        })}
      {editing === "new" && <NewEntityForm onEdit={onEdit} />}
    </>
  );
}

function Rows({ all, onEdit }: { all: Entity[]; onEdit(key: string): void }) {
  const { t } = useTranslation("entities");
  if (all.length === 0) return null;
  return (
    <ItemList>
      {all.map((one) => (
        <button
          type="button"
          key={one.key}
          className={itemClass}
          data-testid={`entity-${one.key}`}
          onClick={() => onEdit(one.key)}
        >
          <ItemBody
            icon={<EntityIcon of={one} size={18} />}
            title={one.label_plural}
            tags={
              <>
                {one.staged && <Tag>{t("staged")}</Tag>}
                {(one.inner || one.menu?.shown === false) && <Tag>{t("inner")}</Tag>}
              </>
            }
            note={one.key}
            aside={t("fields_count", { count: one.fields.filter(({ part_of }) => !part_of).length })}
          />
        </button>
      ))}
    </ItemList>
  );
}

/** The way back of those that were removed. */
function Removed() {
  const { t } = useTranslation("entities");
  const query = useQuery(removedEntitiesQuery);
  const all = query.data ?? [];
  if (query.isError && !query.data) {
    return (
      <Block title={t("removed")} note={t("removed_unread")}>
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      </Block>
    );
  }
  if (all.length === 0) return null;
  return (
    <Block title={t("removed")} note={t("removed_note")}>
      <ItemList>
        {all.map((one) => (
          <Back key={one.key} removed={one} />
        ))}
      </ItemList>
    </Block>
  );
}

function Back({ removed: { key, label_plural: name } }: { removed: RemovedEntity }) {
  const { t } = useTranslation(["entities", "common"]);
  const restore = useMutation({
    mutationFn: () => restoreEntity(key),
    onSuccess: () => toast({ message: t("entities:restored", { name }), kind: "done" }),
    onError: toastError,
  });
  const send = useOnce(restore.mutateAsync);
  return (
    <ItemLine>
      <ItemBody
        icon={<IconStack2 size={18} />}
        title={name}
        note={key}
        aside={
          <Button
            variant="default"
            size="compact-sm"
            aria-label={t("entities:restore", { name })}
            loading={restore.isPending}
            onClick={() => send()}
          >
            {t("common:restore")}
          </Button>
        }
      />
    </ItemLine>
  );
}
