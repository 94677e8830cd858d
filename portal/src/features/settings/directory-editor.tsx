/** The items of one directory: named, ordered, nested, archived, merged, taken away. What a change does to records is shown before it is done. */
import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import {
  IconArchive,
  IconArchiveOff,
  IconArrowLeft,
  IconArrowMerge,
  IconDots,
  IconPlus,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { refreshDirectories, saveDirectory, tryDirectory } from "@/api/directories";
import { undoBatch } from "@/api/records";
import type { DirectoryChange, DirectoryView } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import MoveHandle from "@/engines/list/move-handle";
import { currentLocale } from "@/i18n";
import { Block, Notice, Stacked, Tag } from "@/ui/block";
import { generalRefusal } from "@/ui/form-drawer";
import { OrderedList, OrderedRow } from "@/ui/ordered";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { EmptyState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { StageName } from "@/ui/value";
import { DirectoryActions } from "./directory-actions";
import { ItemForm } from "./directory-item";
import { MergeItem } from "./directory-merge-item";
import {
  draftOf,
  freeId,
  freshItem,
  type ItemDraft,
  moved,
  type Placed,
  placed,
  put,
  refusals,
  toInputs,
  without,
} from "./directory-model";
import { SettleDialog, touchesRecords } from "./directory-settle";
import { nameOf } from "./pipelines/model";

/** Rows that are drawn at once: a list of thousands is found in by its name. */
const most = 200;

interface Props {
  directory: DirectoryView;
  onClose(): void;
}

interface Draft {
  items: ItemDraft[];
  /** Where records of merged items go. */
  moveTo: Record<string, string>;
}

/** What was changed and is not saved yet: kept in this tab. */
function useDraft(directory: DirectoryView) {
  const place = `directory.${directory.key}`;
  const saved: Draft = { items: draftOf(directory), moveTo: {} };
  const base = JSON.stringify(saved);
  const [kept, setKept] = useState(() => readDraft<Draft & { version: number }>(place));
  const [draft, setDraft] = useState<Draft>(kept ? { items: kept.items, moveTo: kept.moveTo } : saved);
  return {
    draft,
    dirty: JSON.stringify(draft) !== base,
    /** Somebody changed the directory since: saving puts these items over theirs. */
    outdated: kept !== undefined && kept.version !== directory.version,
    change(next: Draft) {
      setDraft(next);
      if (JSON.stringify(next) === base) dropDraft(place);
      else keepDraft(place, { ...next, version: kept?.version ?? directory.version });
    },
    /** Saved: what is read next takes its place. */
    forget: () => dropDraft(place),
    drop() {
      dropDraft(place);
      setKept(undefined);
      setDraft(saved);
    },
  };
}

export function DirectoryEditor({ directory, onClose }: Props) {
  const { t } = useTranslation(["directories", "common"]);
  const { draft, dirty, outdated, change, forget, drop } = useDraft(directory);
  const { items } = draft;
  const [open, setOpen] = useState<{ item: ItemDraft; isNew: boolean }>();
  const [merging, setMerging] = useState<ItemDraft>();
  const [plan, setPlan] = useState<DirectoryChange>();
  const list = (moveTo = draft.moveTo) => ({ items: toInputs(items), moveTo });
  const done = (result: DirectoryChange) => {
    setPlan(undefined);
    forget();
    sayDone(result, t);
    return refreshDirectories();
  };
  const save = useMutation({
    mutationFn: async () => {
      const seen = await tryDirectory(directory.key, list(), directory.version);
      return touchesRecords(seen)
        ? { seen }
        : { saved: await saveDirectory(directory.key, list(), directory.version) };
    },
    onSuccess: async ({ seen, saved }) => {
      if (saved) await done(saved);
      else setPlan(seen);
    },
  });
  const wrong = refusals(save.error, items);
  const refusal =
    wrong.size > 0 ? t("directories:look_at_items") : generalRefusal(save.error, [], t("common:network"));
  return (
    // No form: those of its drawers would send it with them.
    <section aria-label={directory.name}>
      <Block
        title={directory.name}
        note={directory.fields.map(({ name }) => name).join(" · ") || t("directories:unused")}
        actions={
          <>
            <ActionIcon aria-label={t("directories:to_all")} onClick={onClose}>
              <IconArrowLeft size={18} />
            </ActionIcon>
            <DirectoryActions
              directory={directory}
              disabled={dirty}
              onGone={onClose}
              onMerged={(result) => sayDone(result, t)}
            />
            <Button loading={save.isPending} disabled={!dirty} onClick={() => save.mutate()}>
              {t("common:save")}
            </Button>
          </>
        }
      >
        <Stacked>
          {refusal && <FormProblem>{refusal}</FormProblem>}
          {dirty && (
            <Notice
              tone={outdated ? "warn" : "plain"}
              title={t(outdated ? "directories:outdated" : "directories:unsaved")}
              action={
                <Button variant="default" size="compact-sm" onClick={drop}>
                  {t("common:discard")}
                </Button>
              }
            >
              {t("directories:unsaved_text")}
            </Notice>
          )}
        </Stacked>
      </Block>
      <Items
        items={items}
        wrong={wrong}
        onOpen={(item) => setOpen({ item, isNew: false })}
        onAdd={() => setOpen({ item: freshItem(freeId(items), null), isNew: true })}
        onMerge={setMerging}
        onChange={(next) => change({ ...draft, items: next })}
      />
      {open && (
        <ItemForm
          key={open.item.id}
          item={open.item}
          all={items}
          isNew={open.isNew}
          onClose={() => setOpen(undefined)}
          onDone={(item) => {
            change({ ...draft, items: put(items, item) });
            setOpen(undefined);
          }}
        />
      )}
      {merging && (
        <MergeItem
          item={merging}
          all={items}
          onClose={() => setMerging(undefined)}
          onDone={(into) => {
            // What was to go there goes on to where that goes.
            const before = Object.entries(draft.moveTo).map(([from, to]) => [
              from,
              to === merging.id ? into : to,
            ]);
            change({
              items: without(items, merging.id),
              moveTo: { ...Object.fromEntries(before), ...(merging.saved ? { [merging.id]: into } : {}) },
            });
            setMerging(undefined);
          }}
        />
      )}
      {plan && (
        <SettleDialog
          title={t("directories:save_title", { name: directory.name })}
          plan={plan}
          moveTo={draft.moveTo}
          targets={placed(items).filter(({ item }) => item.saved && !item.archived)}
          ask={(moveTo) => tryDirectory(directory.key, list(moveTo), directory.version)}
          act={(moveTo) => saveDirectory(directory.key, list(moveTo), directory.version)}
          onDone={(result) => void done(result)}
          onClose={() => setPlan(undefined)}
        />
      )}
    </section>
  );
}

type Say = TFunction<["directories", "common"]>;

/** Saved, and what became of records: they can be put back. */
function sayDone({ batch, job, moves }: DirectoryChange, t: Say): void {
  if (job?.state === "running") {
    toast({ message: t("directories:moving", { count: job.total }) });
    return;
  }
  const undo = () => {
    undoBatch(batch ?? "")
      .then(() => refreshDirectories())
      .catch((error: unknown) => toastError(error));
  };
  toast({
    kind: "done",
    message: moves > 0 ? t("directories:saved_moved", { count: moves }) : t("common:saved"),
    action: batch ? { label: t("common:undo"), run: undo } : undefined,
  });
}

interface ItemsProps {
  items: ItemDraft[];
  wrong: Map<string, string>;
  onOpen(item: ItemDraft): void;
  onAdd(): void;
  onMerge(item: ItemDraft): void;
  onChange(items: ItemDraft[]): void;
}

function Items({ items, wrong, onOpen, onAdd, onMerge, onChange }: ItemsProps) {
  const { t } = useTranslation("directories");
  const [sought, setSought] = useState("");
  const words = sought.trim().toLowerCase();
  const rows = placed(items);
  const found = words
    ? rows.filter(({ item }) => nameOf(item.label, currentLocale()).toLowerCase().includes(words))
    : rows;
  const add = (
    <Button variant="default" aria-label={t("add_item")} onClick={onAdd}>
      <IconText icon={<IconPlus size={16} />}>{t("add_item")}</IconText>
    </Button>
  );
  return (
    <Block title={t("items")} note={t("items_note")} actions={items.length > 0 && add}>
      {items.length === 0 && <EmptyState action={add}>{t("empty")}</EmptyState>}
      {items.length > 20 && (
        <TextInput
          aria-label={t("find")}
          placeholder={t("find")}
          maw={360}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
      )}
      {words !== "" && found.length === 0 && <Notice title={t("found_none")} />}
      <OrderedList label={t("items")}>
        {found.slice(0, most).map((row) => (
          <Row
            key={row.item.id}
            row={row}
            items={items}
            wrong={wrong.get(row.item.id)}
            onOpen={onOpen}
            onMerge={onMerge}
            onChange={onChange}
          />
        ))}
      </OrderedList>
      {found.length > most && <Notice title={t("shown_of", { shown: most, total: found.length })} />}
    </Block>
  );
}

interface RowProps extends Omit<ItemsProps, "wrong" | "onAdd"> {
  row: Placed;
  wrong?: string;
}

function Row({ row: { item, depth }, items, wrong, onOpen, onMerge, onChange }: RowProps) {
  const { t } = useTranslation("directories");
  const name = nameOf(item.label, currentLocale());
  const siblings = items.filter(({ parent }) => parent === item.parent).map(({ id }) => id);
  return (
    <OrderedRow
      testId={`item-${item.id}`}
      handle={
        <>
          {depth > 0 && <span aria-hidden style={{ flex: "none", width: depth * 16 }} />}
          <MoveHandle
            id={item.id}
            title={name}
            ids={siblings}
            onMove={(id, next, side) => onChange(moved(items, id, next, side))}
          />
        </>
      }
      name={item.color ? <StageName name={name} color={item.color} semantic="open" /> : name}
      note={item.archived ? <Tag>{t("archived")}</Tag> : undefined}
      wrong={wrong}
      actions={
        <Menu position="bottom-end" width={240}>
          <Menu.Target>
            <ActionIcon aria-label={t("item_actions", { name })}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={item.archived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}
              onClick={() => onChange(put(items, { ...item, archived: !item.archived }))}
            >
              {t(item.archived ? "take_back" : "archive")}
            </Menu.Item>
            {item.saved && items.length > 1 && (
              <Menu.Item leftSection={<IconArrowMerge size={16} />} onClick={() => onMerge(item)}>
                {t("merge_item")}
              </Menu.Item>
            )}
            {!item.builtIn && (
              <Menu.Item
                leftSection={<IconTrash size={16} />}
                onClick={() => onChange(without(items, item.id))}
              >
                {t("remove_item")}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      }
      onOpen={() => onOpen(item)}
    />
  );
}
