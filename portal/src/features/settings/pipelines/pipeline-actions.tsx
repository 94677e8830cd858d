/** What may be done with a pipeline as a whole: named, made the first, archived, taken away. */
import { ActionIcon, Menu } from "@mantine/core";
import { IconArchive, IconArchiveOff, IconDots, IconPencil, IconStar, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changePipeline, type PipelinePatch, removePipeline } from "@/api/pipelines";
import type { PipelineChange, PipelineConfig } from "@/api/types";
import { currentLocale } from "@/i18n";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast, toastError } from "@/ui/toast";
import { nameOf, type Words } from "./model";
import { SettleDialog } from "./settle-dialog";
import { targetsOf } from "./targets";
import { WordsInput } from "./words";

interface Props {
  pipeline: PipelineConfig;
  siblings: PipelineConfig[];
  /** Something is not saved yet. */
  disabled: boolean;
  onGone(change: PipelineChange): void;
}

export function PipelineActions({ pipeline, siblings, disabled, onGone }: Props) {
  const { t } = useTranslation(["pipelines", "common"]);
  const [naming, setNaming] = useState(false);
  const [plan, setPlan] = useState<PipelineChange>();
  const change = useMutation({
    mutationFn: (patch: Partial<PipelinePatch>) => changePipeline(pipeline.id, patch, pipeline.version),
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
    onError: (error) => toastError(error, pipeline.name),
  });
  const look = useMutation({
    mutationFn: () => removePipeline(pipeline.id, { moveTo: {}, dryRun: true }, pipeline.version),
    onSuccess: setPlan,
    onError: (error) => toastError(error, pipeline.name),
  });
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <ActionIcon aria-label={t("pipelines:actions")} disabled={disabled}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setNaming(true)}>
            {t("pipelines:rename")}
          </Menu.Item>
          {!pipeline.is_default && !pipeline.archived && (
            <Menu.Item
              leftSection={<IconStar size={16} />}
              onClick={() => change.mutate({ is_default: true })}
            >
              {t("pipelines:make_default")}
            </Menu.Item>
          )}
          {!pipeline.is_default && (
            <>
              <Menu.Item
                leftSection={pipeline.archived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}
                onClick={() => change.mutate({ archived: !pipeline.archived })}
              >
                {t(pipeline.archived ? "pipelines:take_back" : "pipelines:archive")}
              </Menu.Item>
              <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => look.mutate()}>
                {t("pipelines:remove")}
              </Menu.Item>
            </>
          )}
          {pipeline.is_default && <Menu.Label>{t("pipelines:default_stays")}</Menu.Label>}
        </Menu.Dropdown>
      </Menu>
      {naming && <Rename pipeline={pipeline} onClose={() => setNaming(false)} />}
      {plan && (
        <SettleDialog
          title={t("pipelines:remove_title", { name: pipeline.name })}
          confirm={t("pipelines:remove")}
          danger
          plan={plan}
          targets={targetsOf([], siblings, "")}
          ask={(moveTo) => removePipeline(pipeline.id, { moveTo, dryRun: true }, pipeline.version)}
          act={(moveTo, preview) => removePipeline(pipeline.id, { moveTo, preview }, pipeline.version)}
          onDone={(done) => {
            setPlan(undefined);
            onGone(done);
          }}
          onClose={() => setPlan(undefined)}
        />
      )}
    </>
  );
}

function Rename({ pipeline, onClose }: { pipeline: PipelineConfig; onClose(): void }) {
  const { t } = useTranslation(["pipelines", "common"]);
  const [label, setLabel] = useState<Words>(pipeline.label as Words);
  const [tried, setTried] = useState(false);
  const unnamed = tried && !nameOf(label, currentLocale()) ? t("pipelines:name_needed") : undefined;
  const save = useMutation({
    mutationFn: () =>
      changePipeline(pipeline.id, { label: label as Record<string, string> }, pipeline.version),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  return (
    <FormDrawer
      title={pipeline.name}
      submit={t("common:save")}
      values={label}
      pending={save.isPending}
      error={save.error}
      fields={["label"]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (nameOf(label, currentLocale())) save.mutate();
      }}
    >
      <WordsInput
        label={t("pipelines:name")}
        focus
        value={label}
        error={unnamed ?? fieldRefusal(save.error, "label")}
        onChange={setLabel}
      />
    </FormDrawer>
  );
}
