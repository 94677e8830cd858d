/** One card: title, the fields the layout chose, who is responsible. Draggable; a menu and keys do the same. */
import { draggable } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { ActionIcon, Menu } from "@mantine/core";
import { IconArrowRight, IconDots, IconExternalLink, IconTrash } from "@tabler/icons-react";
import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordData, Stage, Value } from "@/api/types";
import { fieldOf, type TextContext, titleOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import { isEmpty } from "@/engines/fields/values";
import type { Source } from "@/engines/source";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { BoardCard, CardFacts, CardFoot, CardLine, CardReason, cardTitleClass, FactMark } from "@/ui/board";
import { Avatar } from "@/ui/person";
import { StageName } from "@/ui/value";
import { focusCard, focusNeighbour } from "./keyboard";

interface Props {
  source: Source;
  /** The field that makes the columns. */
  groupField: string;
  record: RecordData;
  stages: Stage[];
  context: TextContext;
  refusal?: string;
  arrived: boolean;
  selected: boolean;
  onMove(record: RecordData, stage: string, announce: boolean): void;
  onDismiss(id: string): void;
}

export const Card = memo(function Card(props: Props) {
  const { source, groupField, record, stages, context, refusal, arrived, selected, onMove } = props;
  const { shape: entity, Link } = source;
  const { t } = useTranslation(["board", "common", "fields"]);
  const element = useRef<HTMLElement>(null);
  const [dragging, setDragging] = useState(false);
  const [menu, setMenu] = useState(false);
  const title = titleOf(entity, record.fields, t("fields:untitled"));
  const stage = String(record.fields[groupField]);

  useEffect(() => {
    const node = element.current;
    if (!node) return;
    return draggable({
      element: node,
      canDrag: () => entity.actions.update,
      getInitialData: () => ({ kind: "card", record }),
      onDragStart: () => setDragging(true),
      onDrop: () => setDragging(false),
    });
  }, [record, entity.actions.update]);

  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      const at = stages.findIndex((one) => one.key === stage);
      const next = stages[at + (event.key === "ArrowRight" ? 1 : -1)];
      if (next && entity.actions.update) {
        onMove(record, next.key, true);
        focusCard(record.id);
      }
    } else if (event.code === "KeyM" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      // After this key has gone by: an open menu takes any key outside it as a wish to close.
      setTimeout(() => setMenu(true), 0);
    } else if (event.key.startsWith("Arrow") && !event.altKey && !event.shiftKey) {
      if (focusNeighbour(event.currentTarget, event.key)) event.preventDefault();
    }
  };

  const facts = entity.layout.card
    .map((key) => fieldOf(entity, key))
    .filter((field) => field !== undefined)
    // Who is responsible stands at the card's foot.
    .filter((field) => field.key !== "owner" && !isEmpty(record.fields[field.key]))
    .slice(0, 5);
  const owner = context.refs[String(record.fields.owner)]?.title;
  const lateText = (due: Value) =>
    isLate(due) ? `${t("board:overdue")}: ${formatDateTime(due)}` : undefined;
  const since = record.fields.stage_since ?? record.fields.created_at;

  return (
    <BoardCard
      ref={element}
      testId={`card-${record.id}`}
      label={title}
      dragging={dragging}
      refused={refusal !== undefined}
      arrived={arrived}
      selected={selected}
    >
      <CardLine>
        <Link
          id={record.id}
          className={cardTitleClass}
          draggable={false}
          onKeyDown={keys}
          aria-describedby="board-keys"
        >
          {title}
        </Link>
        <CardMenu {...props} title={title} opened={menu} onChange={setMenu} current={stage} />
      </CardLine>
      {facts.length > 0 && (
        <CardFacts>
          {facts.map((field) => (
            <FactMark
              key={field.key}
              overdue={isOverdue(field.key, record, stage, stages)}
              label={field.label}
              strong={field.type === "money"}
            >
              <FieldValue field={field} record={record} context={context} compact />
            </FactMark>
          ))}
        </CardFacts>
      )}
      <CardFoot>
        {owner ? <Avatar name={owner} title={owner} /> : <span />}
        {typeof since === "string" && (
          <FactMark
            overdue={isLate(record.fields.stage_due)}
            label={
              lateText(record.fields.stage_due) ?? t("board:days_in_stage", { when: formatDateTime(since) })
            }
            strong={false}
          >
            <time dateTime={since}>{formatRelative(since, Date.now())}</time>
          </FactMark>
        )}
      </CardFoot>
      {refusal && (
        <CardReason dismissLabel={t("board:dismiss")} onDismiss={() => props.onDismiss(record.id)}>
          {refusal}
        </CardReason>
      )}
    </BoardCard>
  );
});

/** Whether it has stood in its stage for too long. */
const isLate = (due: Value): due is string => typeof due === "string" && Date.parse(due) < Date.now();

function isOverdue(key: string, record: RecordData, column: string, stages: Stage[]): boolean {
  if (key !== "close_date") return false;
  const open = stages.find((stage) => stage.key === column)?.semantic === "open";
  const value = record.fields[key];
  return open && typeof value === "string" && value < new Date().toISOString().slice(0, 10);
}

type MenuProps = Props & { title: string; current: string; opened: boolean; onChange(open: boolean): void };

/** Mounted only when opened: a board holds hundreds of cards. */
function CardMenu({ source, record, stages, title, current, opened, onChange, onMove }: MenuProps) {
  const { t } = useTranslation(["board", "common"]);
  const { shape: entity, open, remove } = source;
  const button = (
    <ActionIcon
      size={20}
      aria-label={t("board:card_menu", { title })}
      aria-haspopup="menu"
      onClick={() => onChange(true)}
    >
      <IconDots size={16} />
    </ActionIcon>
  );
  if (!opened) return button;
  return (
    <Menu opened onChange={onChange} width={240} position="bottom-end">
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {entity.actions.update && (
          <>
            <Menu.Label>{t("board:move_to")}</Menu.Label>
            {stages.map((stage) => (
              <Menu.Item
                key={stage.key}
                disabled={stage.key === current}
                rightSection={stage.key === current ? undefined : <IconArrowRight size={14} />}
                onClick={() => {
                  onMove(record, stage.key, true);
                  focusCard(record.id);
                }}
              >
                <StageName name={stage.name} color={stage.color} semantic={stage.semantic} />
              </Menu.Item>
            ))}
            <Menu.Divider />
          </>
        )}
        {open && (
          <Menu.Item leftSection={<IconExternalLink size={16} />} onClick={() => open(record.id)}>
            {t("board:open")}
          </Menu.Item>
        )}
        {entity.actions.delete && remove && (
          <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => void remove(record)}>
            {t("common:delete")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
