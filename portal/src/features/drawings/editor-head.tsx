/** The head of the designer's page: how saving stands, problems, a dry run, publishing, and what is rarer in a menu. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDots,
  IconDownload,
  IconHistory,
  IconLayoutSidebar,
  IconRoute,
  IconTestPipe,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { IconText, PageHeader } from "@/ui/page";
import type { SaveState } from "./autosave";
import { Saving } from "./saving";

interface Props {
  title: string;
  /** The drawing is open. */
  ready: boolean;
  save: SaveState;
  onDecide(): void;
  problems: number;
  listed: boolean;
  onProblems(): void;
  trying: boolean;
  onTry(): void;
  onPublish(): void;
  more: MoreProps;
}

export function EditorHead(props: Props) {
  const { t } = useTranslation(["drawings", "processes"]);
  const { title, ready, save, onDecide, problems, listed, onProblems, trying, onTry, onPublish, more } =
    props;
  return (
    <PageHeader
      icon={<IconRoute size={18} />}
      title={title}
      actions={
        <>
          <Saving state={save} onDecide={onDecide} />
          {problems > 0 && (
            <Button variant="default" aria-expanded={listed} onClick={onProblems}>
              <IconText icon={<IconAlertTriangle size={16} aria-hidden />}>
                {t("drawings:problems_count", { count: problems })}
              </IconText>
            </Button>
          )}
          <More {...more} />
          <Button variant="default" disabled={!ready} aria-expanded={trying} onClick={onTry}>
            <IconText icon={<IconTestPipe size={16} aria-hidden />}>{t("processes:dry_run")}</IconText>
          </Button>
          <Button disabled={!ready} onClick={onPublish}>
            {t("drawings:publish")}
          </Button>
        </>
      }
    />
  );
}

interface MoreProps {
  steps: boolean;
  onSteps(): void;
  onRevisions(): void;
  onDownload(): void;
}

function More({ steps, onSteps, onRevisions, onDownload }: MoreProps) {
  const { t } = useTranslation("drawings");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("more")}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLayoutSidebar size={16} />} onClick={onSteps}>
          {t(steps ? "steps_hide" : "steps_show")}
        </Menu.Item>
        <Menu.Item leftSection={<IconHistory size={16} />} onClick={onRevisions}>
          {t("revisions")}
        </Menu.Item>
        <Menu.Item leftSection={<IconDownload size={16} />} onClick={onDownload}>
          {t("download")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
