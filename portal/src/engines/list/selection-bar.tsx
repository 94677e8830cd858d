/** What can be done with the chosen rows: set a field, hand over, move, delete; with progress and undo. */
import { ActionIcon, Button, Checkbox, Menu, Modal, Popover, Progress } from "@mantine/core";
import { IconPencil, IconRestore, IconTrash, IconUser, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { Field, Id, RecordData, RecordQuery, Refs, Value } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import { isEditable } from "@/engines/fields/kinds";
import { titleOf } from "@/engines/fields/text";
import { unreadText, withoutEmpty } from "@/engines/fields/values";
import type { Source } from "@/engines/source";
import { PopoverForm, PopoverTitle, popoverApplyClass } from "@/ui/chips";
import { PickList, ReasonLine } from "@/ui/pick-list";
import { SelectionArea, SelectionCount } from "@/ui/table";
import { progressToast, toast, toastError } from "@/ui/toast";
import { type Change, type Outcome, type Refusal, runBulk, runRestore } from "./bulk";
import type { Selection } from "./use-selection";

interface Props {
  source: Source;
  selection: Selection;
  records: RecordData[];
  total?: number;
  request: RecordQuery;
}

/** Choosing everything reads ids; above this the person narrows the list first. */
const mostAtOnce = 10_000;

export default function SelectionBar({ source, selection, records, total, request }: Props) {
  const entity = source.shape;
  const { t } = useTranslation(["list", "common", "fields", "board"]);
  const [progress, setProgress] = useState<{ done: number; of: number } | null>(null);
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const abort = useRef<AbortController>(null);
  const count = selection.ids.size;

  const undo = async (batches: Id[]) => {
    const note = progressToast((done, total) => t("common:undoing", { done, total }));
    try {
      let restored = 0;
      let kept = 0;
      for (const batch of batches) {
        const answer = await source.undo(batch, note.show);
        restored += answer.restored;
        kept += answer.kept_total;
      }
      toast({
        message: kept
          ? t("list:undone_kept", { count: restored, kept })
          : t("list:undone", { count: restored }),
      });
    } catch (error) {
      toastError(error);
    }
    note.hide();
    source.refresh();
  };

  const report = (change: Change, outcome: Outcome) => {
    const done = outcome.done.length;
    if (done > 0) {
      toast({
        message:
          change.kind === "delete" ? t("list:deleted", { count: done }) : t("list:changed", { count: done }),
        action: { label: t("common:undo"), run: () => void undo(outcome.batches) },
        stay: 15_000,
      });
    }
    setRefusals(outcome.refused);
    selection.set(outcome.refused.map(({ id }) => id));
  };

  const run = async (change: Change) => {
    const ids = [...selection.ids];
    const controller = new AbortController();
    abort.current = controller;
    setProgress({ done: 0, of: ids.length });
    try {
      const outcome = await runBulk(
        source,
        change,
        ids,
        (done) => setProgress({ done, of: ids.length }),
        controller.signal,
      );
      report(change, outcome);
    } catch (error) {
      toastError(error);
    } finally {
      setProgress(null);
    }
  };

  const restore = async () => {
    const ids = [...selection.ids];
    const controller = new AbortController();
    abort.current = controller;
    const show = (done: number) => setProgress({ done, of: ids.length });
    show(0);
    const reasonOf = (error: unknown) => messageOf(error, t("common:network"));
    const outcome = await runRestore(source, ids, show, controller.signal, reasonOf);
    setProgress(null);
    if (outcome.done.length > 0) toast({ message: t("list:restored", { count: outcome.done.length }) });
    setRefusals(outcome.refused);
    selection.set(outcome.refused.map(({ id }) => id));
  };

  const chooseAll = async () => {
    const ids: Id[] = [];
    let cursor: string | null | undefined;
    try {
      do {
        const page = await source.portion({
          ...request,
          fields: [entity.title_field],
          limit: 500,
          total: false,
          cursor: cursor ?? undefined,
        });
        ids.push(...page.items.map((item) => item.id));
        cursor = page.next_cursor;
      } while (cursor && ids.length < mostAtOnce);
      selection.set(ids);
    } catch (error) {
      toastError(error);
    }
  };

  return (
    <>
      <SelectionArea label={t("list:chosen", { count })}>
        <SelectionCount>{t("list:chosen", { count })}</SelectionCount>
        {progress ? (
          <>
            <Progress w={160} value={(progress.done / progress.of) * 100} aria-label={t("list:working")} />
            <Button variant="subtle" color="gray" onClick={() => abort.current?.abort()}>
              {t("list:stop")}
            </Button>
          </>
        ) : (
          <>
            {selection.all && total !== undefined && total > count && count < mostAtOnce && (
              <Button variant="subtle" onClick={() => void chooseAll()}>
                {t("list:choose_all", { count: Math.min(total, mostAtOnce) })}
              </Button>
            )}
            {source.SelectionMenu && <source.SelectionMenu ids={[...selection.ids]} onDone={selection.set} />}
            {source.SelectionMore && !request.deleted && (
              <source.SelectionMore ids={[...selection.ids]} onDone={selection.set} />
            )}
            {!request.deleted && <BulkFields source={source} onRun={(change) => void run(change)} />}
            {request.deleted && source.restore && (
              <Button variant="subtle" leftSection={<IconRestore size={16} />} onClick={() => void restore()}>
                {t("common:restore")}
              </Button>
            )}
            {entity.actions.delete && !request.deleted && (
              <Button
                variant="subtle"
                color="gray"
                leftSection={<IconTrash size={16} />}
                onClick={() => void run({ kind: "delete" })}
              >
                {t("common:delete")}
              </Button>
            )}
            <ActionIcon aria-label={t("list:unchoose")} onClick={selection.clear}>
              <IconX size={18} />
            </ActionIcon>
          </>
        )}
      </SelectionArea>
      <Modal
        opened={refusals.length > 0}
        onClose={() => setRefusals([])}
        title={t("list:refused", { count: refusals.length })}
        size="lg"
        closeButtonProps={{ "aria-label": t("common:close") }}
      >
        {t("list:refused_text")}
        <PickList>
          {refusals.map(({ id, reason }) => {
            const record = records.find((one) => one.id === id);
            return (
              <ReasonLine
                key={id}
                title={record ? titleOf(entity, record.fields, t("fields:untitled")) : id}
                reason={reason}
              />
            );
          })}
        </PickList>
      </Modal>
    </>
  );
}

const inHands = (fields: Field[]) =>
  fields.find((one) => one.key === "assignee") ?? fields.find((one) => one.key === "owner");

/** Who is to do it and the stage at hand, every other field behind one button. */
function BulkFields({ source, onRun }: { source: Source; onRun(change: Change): void }) {
  const entity = source.shape;
  const { t } = useTranslation(["list", "common"]);
  const [field, setField] = useState<Field | null>(null);
  if (!entity.actions.update) return null;
  const editable = entity.fields.filter((one) => isEditable(one) && one.type !== "pipeline");
  // Of a task that is the one who does it, not the one who watches over it.
  const owner = inHands(editable);
  const stage = editable.find((one) => one.type === "stage");
  const open = (one: Field) => setField(one);
  return (
    <Popover
      opened={field !== null}
      onChange={(opened) => !opened && setField(null)}
      position="top"
      trapFocus
      withRoles={false}
    >
      <Popover.Target>
        <span style={{ display: "inline-flex", gap: 4 }}>
          {owner && (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconUser size={16} />}
              onClick={() => open(owner)}
            >
              {owner.label}
            </Button>
          )}
          {stage && (
            <Button variant="subtle" color="gray" onClick={() => open(stage)}>
              {stage.label}
            </Button>
          )}
          <Menu position="top">
            <Menu.Target>
              <Button variant="subtle" color="gray" leftSection={<IconPencil size={16} />}>
                {t("list:set_field")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
              {editable.map((one) => (
                <Menu.Item key={one.key} onClick={() => open(one)}>
                  {one.label}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        {field && (
          <BulkValue
            key={field.key}
            source={source}
            field={field}
            onRun={(value, silent) => {
              setField(null);
              onRun({ kind: "update", fields: { [field.key]: value }, silent });
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

interface ValueProps {
  source: Source;
  field: Field;
  onRun(value: Value, silent: boolean): void;
}

function BulkValue({ source, field, onRun }: ValueProps) {
  const entity = source.shape;
  const { t } = useTranslation(["common", "list"]);
  const [value, setValue] = useState<Value>(null);
  const [refs, setRefs] = useState<Refs>({});
  const [silent, setSilent] = useState(false);
  const { data: rules = 0 } = useQuery({
    queryKey: ["automations", "looking", entity.key, field.key],
    queryFn: () => source.countRules?.([field.key]) ?? 0,
    staleTime: 0,
  });
  const send = () => unreadText(value) === undefined && onRun(withoutEmpty(value) ?? null, silent);
  return (
    <PopoverForm onSubmit={send}>
      <PopoverTitle>{field.label}</PopoverTitle>
      <FieldEditor
        entity={entity}
        field={field}
        value={value}
        refs={refs}
        autoFocus
        nested
        onChange={(next, more) => {
          setValue(next);
          if (more) setRefs((old) => ({ ...old, ...more }));
        }}
      />
      {rules > 0 && (
        <Checkbox
          size="xs"
          label={t("list:run_rules", { count: rules })}
          checked={!silent}
          onChange={(event) => setSilent(!event.currentTarget.checked)}
        />
      )}
      <Button type="submit" size="compact-sm" className={popoverApplyClass}>
        {t("common:apply")}
      </Button>
    </PopoverForm>
  );
}
