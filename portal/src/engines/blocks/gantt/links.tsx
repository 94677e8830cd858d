/** What waits for what: read of a source of links or of a field, made and undone by hand. */
import { ActionIcon, Button, Modal, NumberInput, Select } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "@/engines/blocks/context";
import type { PageStore } from "@/engines/blocks/page-store";
import { useSaving } from "@/engines/blocks/save";
import type { GanttBlock } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import { AskButtons, AskFields } from "@/ui/block-frame";
import { GanttLinks } from "@/ui/gantt";
import { toast } from "@/ui/toast";
import { goesRound, isLinkKind, type Link, type LinkKind, type Task } from "./model";

const idsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : value ? [value] : []).map((id) => String(id));

export function useLinks(block: GanttBlock, rows: SourceRow[]): Link[] {
  const page = usePage();
  const { depends } = block;
  const named = depends && "source" in depends ? page.source(depends.source).rows : undefined;
  return useMemo(() => {
    if (!depends) return [];
    if ("field" in depends) {
      return rows.flatMap((row) =>
        idsOf(row.fields[depends.field]).map((id): Link => ({ from: id, to: row.id, kind: "FS", lag: 0 })),
      );
    }
    return (named ?? []).map(({ id, fields }): Link => {
      const kind = depends.kind ? fields[depends.kind] : "FS";
      const lag = depends.lag ? Number(fields[depends.lag] ?? 0) : 0;
      return {
        id,
        from: String(fields[depends.from]),
        to: String(fields[depends.to]),
        kind: isLinkKind(kind) ? kind : "FS",
        lag: Number.isFinite(lag) ? lag : 0,
      };
    });
  }, [depends, named, rows]);
}

/** Whether links may be made here: records of their own, or a field of the rows. */
export function mayLink(block: GanttBlock, page: PageStore): boolean {
  const { depends, link } = block;
  if (!link || !depends) return false;
  if ("field" in depends) return true;
  const spec = page.setup.tree.sources?.[depends.source];
  return spec !== undefined && "records" in spec;
}

export interface Linking {
  add(link: Link): Promise<void>;
  remove(link: Link): Promise<void>;
}

export function useLinking(block: GanttBlock, links: Link[]): Linking {
  const page = usePage();
  const saving = useSaving();
  const { t } = useTranslation(["blocks", "common"]);
  const { depends } = block;
  const rowOf = (source: string, id: string) => page.source(source).rows?.find((row) => row.id === id);
  const undoable = (message: string, run: () => void) =>
    toast({ message, action: { label: t("common:undo"), run } });

  async function inField(field: string, link: Link, there: boolean): Promise<void> {
    const row = rowOf(block.source, link.to);
    if (!row) return;
    const kept = idsOf(row.fields[field]).filter((id) => id !== link.from);
    const said = t(there ? "blocks:linked" : "blocks:unlinked");
    await saving.change(block.source, row, { [field]: there ? [...kept, link.from] : kept }, said);
  }

  const linking: Linking = {
    async add(link) {
      if (!depends || link.from === link.to) return;
      if (links.some(({ from, to }) => from === link.from && to === link.to)) return;
      if (goesRound(links, link)) {
        saving.fail(new Error(t("blocks:link_circle")), t("blocks:not_linked"));
        return;
      }
      if ("field" in depends) return inField(depends.field, link, true);
      const entity = page.source(depends.source).shape?.key ?? "";
      const fields = {
        [depends.from]: link.from,
        [depends.to]: link.to,
        ...(depends.kind ? { [depends.kind]: link.kind } : {}),
        ...(depends.lag ? { [depends.lag]: link.lag } : {}),
      };
      try {
        const made = await page.create(depends.source, entity, fields);
        undoable(t("blocks:linked"), () => void linking.remove({ ...link, id: made.id }));
      } catch (error) {
        saving.fail(error, t("blocks:not_linked"));
      }
    },
    async remove(link) {
      if (!depends) return;
      if ("field" in depends) return inField(depends.field, link, false);
      const row = link.id === undefined ? undefined : rowOf(depends.source, link.id);
      if (!row) return;
      try {
        await page.remove(depends.source, row);
        undoable(t("blocks:unlinked"), () => void linking.add({ ...link, id: undefined }));
      } catch (error) {
        saving.fail(error);
      }
    },
  };
  return linking;
}

interface Props {
  block: GanttBlock;
  task: Task;
  tasks: Task[];
  links: Link[];
  linking: Linking;
  onClose(): void;
}

/** The menu's way to what a drag from bar to bar does; what the bar waits for can be taken away here too. */
export function LinksDialog({ block, task, tasks, links, linking, onClose }: Props) {
  const { t } = useTranslation(["blocks", "common"]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [kind, setKind] = useState<LinkKind>("FS");
  const [lag, setLag] = useState(0);
  const { depends } = block;
  const full = depends && "source" in depends ? depends : undefined;
  const before = links.filter(({ to }) => to === task.id);
  const free = tasks.filter(
    ({ id }) =>
      id !== task.id &&
      !before.some(({ from }) => from === id) &&
      !goesRound(links, { from: id, to: task.id, kind: "FS", lag: 0 }),
  );
  const nameOf = (id: string) => tasks.find((one) => one.id === id)?.label ?? "";
  const add = () => {
    if (!chosen) return;
    void linking.add({ from: chosen, to: task.id, kind, lag });
    setChosen(null);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("blocks:waits_for", { what: task.label })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <GanttLinks
        label={t("blocks:waits_for", { what: task.label })}
        empty={t("blocks:waits_for_nothing")}
        items={before.map((link) => ({
          key: `${link.from} ${link.kind}`,
          text: nameOf(link.from),
          note: [t(`blocks:link_${link.kind}`), link.lag ? t("blocks:lag_days", { count: link.lag }) : ""]
            .filter(Boolean)
            .join(", "),
          action: (
            <ActionIcon
              aria-label={t("blocks:unlink", { what: nameOf(link.from) })}
              onClick={() => void linking.remove(link)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          ),
        }))}
      />
      <AskFields>
        <Select
          data-autofocus
          searchable
          label={t("blocks:link_to")}
          data={free.map(({ id, label }) => ({ value: id, label }))}
          value={chosen}
          onChange={setChosen}
          nothingFoundMessage={t("common:nothing_found")}
        />
        {full?.kind && (
          <Select
            label={t("blocks:link_kind")}
            allowDeselect={false}
            data={(["FS", "SS", "FF", "SF"] as const).map((value) => ({
              value,
              label: t(`blocks:link_${value}`),
            }))}
            value={kind}
            onChange={(next) => isLinkKind(next) && setKind(next)}
          />
        )}
        {full?.lag && (
          <NumberInput
            label={t("blocks:lag")}
            allowDecimal={false}
            value={lag}
            onChange={(next) => setLag(Number(next) || 0)}
          />
        )}
      </AskFields>
      <AskButtons>
        <Button variant="default" onClick={onClose}>
          {t("common:close")}
        </Button>
        <Button disabled={!chosen} onClick={add}>
          {t("blocks:link")}
        </Button>
      </AskButtons>
    </Modal>
  );
}
