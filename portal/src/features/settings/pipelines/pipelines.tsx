/** Pipelines of every entity with stages; one opens into the editor of its stages. */
import { Button, Select } from "@mantine/core";
import { IconPlus, IconTimeline } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createPipeline, pipelinesQuery } from "@/api/pipelines";
import { useEntities } from "@/api/session";
import type { Entity, Id, PipelineConfig } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Block, BlockBones, ItemBody, ItemList, itemClass, Tag } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { PipelineEditor } from "./editor";
import { nameOf, type Words } from "./model";
import { WordsInput } from "./words";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export default function Pipelines({ editing, onEdit }: Props) {
  const { t } = useTranslation(["pipelines", "common"]);
  const query = useQuery(pipelinesQuery);
  const entities = useEntities().filter((entity) => entity.staged);
  const all = query.data ?? [];
  const edited = all.find(({ id }) => id === editing);
  const entity = entities.find(({ key }) => key === edited?.entity);
  if (edited && entity) {
    const siblings = all.filter((one) => one.entity === edited.entity && one.id !== edited.id);
    return (
      <PipelineEditor
        key={`${edited.id} ${edited.version}`}
        pipeline={edited}
        entity={entity}
        siblings={siblings}
        onClose={() => onEdit()}
      />
    );
  }
  return (
    <Block
      title={t("pipelines:title")}
      note={t("pipelines:note")}
      actions={
        <Button aria-label={t("pipelines:add")} onClick={() => onEdit("new")}>
          <IconText icon={<IconPlus size={16} />}>{t("pipelines:add")}</IconText>
        </Button>
      }
    >
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {entities.map((one) => (
        <OfEntity
          key={one.key}
          entity={one}
          pipelines={all.filter((pipeline) => pipeline.entity === one.key)}
          onEdit={onEdit}
        />
      ))}
      {editing === "new" && <NewPipeline entities={entities} onEdit={onEdit} />}
    </Block>
  );
}

interface OfProps {
  entity: Entity;
  pipelines: PipelineConfig[];
  onEdit(id: Id): void;
}

function OfEntity({ entity, pipelines, onEdit }: OfProps) {
  const { t } = useTranslation("pipelines");
  if (pipelines.length === 0) return null;
  return (
    <Block title={entity.label_plural}>
      <ItemList>
        {pipelines.map((one) => (
          <button
            type="button"
            key={one.id}
            className={itemClass}
            data-testid={`pipeline-${one.entity}-${one.key}`}
            onClick={() => onEdit(one.id)}
          >
            <ItemBody
              icon={<IconTimeline size={18} />}
              title={one.name}
              tags={
                <>
                  {one.is_default && <Tag tone="accent">{t("default")}</Tag>}
                  {one.archived && <Tag>{t("archived")}</Tag>}
                  {one.left.length > 0 && <Tag tone="warn">{t("left")}</Tag>}
                </>
              }
              note={one.stages.map((stage) => stage.name).join(" · ")}
              aside={t("records", { count: one.records })}
            />
          </button>
        ))}
      </ItemList>
    </Block>
  );
}

function NewPipeline({ entities, onEdit }: { entities: Entity[]; onEdit(id?: Id): void }) {
  const { t } = useTranslation(["pipelines", "common"]);
  const [values, setValues] = useState<{ entity: string; label: Words }>({
    entity: entities.find(({ key }) => key === "deal")?.key ?? entities[0]?.key ?? "",
    label: {},
  });
  const [tried, setTried] = useState(false);
  const unnamed = tried && !nameOf(values.label, currentLocale()) ? t("pipelines:name_needed") : undefined;
  const save = useMutation({
    mutationFn: () =>
      createPipeline({ entity: values.entity, label: values.label as Record<string, string> }),
    onSuccess: (made) => onEdit(made.id),
  });
  return (
    <FormDrawer
      title={t("pipelines:add")}
      submit={t("common:add")}
      values={values}
      pending={save.isPending}
      error={save.error}
      fields={["label", "entity"]}
      onClose={() => onEdit()}
      onSubmit={() => {
        setTried(true);
        if (nameOf(values.label, currentLocale())) save.mutate();
      }}
    >
      <Select
        label={t("pipelines:entity")}
        allowDeselect={false}
        data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
        value={values.entity}
        error={fieldRefusal(save.error, "entity")}
        onChange={(entity) => entity && setValues({ ...values, entity })}
      />
      <WordsInput
        label={t("pipelines:name")}
        focus
        value={values.label}
        error={unnamed ?? fieldRefusal(save.error, "label")}
        onChange={(label) => setValues({ ...values, label })}
      />
    </FormDrawer>
  );
}
