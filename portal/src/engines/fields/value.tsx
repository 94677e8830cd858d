/** A field's value on screen. `compact` is for cards and table cells: one line, no inner links. */
import { IconCheck, IconMinus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Field, RecordData } from "@/api/types";
import { formatDateTime, formatPhone, formatRelative } from "@/i18n/format";
import { PersonInline } from "@/ui/person";
import { InlineLink, More, Multiline, OneLine, StageName, Valued, ValueList } from "@/ui/value";
import { stageOf, type TextContext, textOf } from "./text";
import { ids, isEmpty, multiValues } from "./values";

interface Props {
  field: Field;
  record: Pick<RecordData, "fields">;
  context: TextContext;
  compact?: boolean;
}

export function FieldValue({ field, record, context, compact = false }: Props) {
  const value = record.fields[field.key];
  if (isEmpty(value)) return null;
  switch (field.type) {
    case "user": {
      const name = context.refs[String(value)]?.title ?? context.words.unknown;
      return <PersonInline name={name} />;
    }
    case "stage": {
      const stage = stageOf(context.entity, value);
      return stage ? <StageName name={stage.name} color={stage.color} semantic={stage.semantic} /> : null;
    }
    case "boolean":
      return value ? (
        <IconCheck size={16} role="img" aria-label={context.words.yes} />
      ) : (
        <IconMinus size={16} role="img" aria-label={context.words.no} />
      );
    case "datetime":
      return (
        <Valued title={formatDateTime(String(value))}>{formatRelative(String(value), Date.now())}</Valued>
      );
    case "long_text":
      return compact ? <OneLine>{String(value)}</OneLine> : <Multiline>{String(value)}</Multiline>;
    case "link":
    case "links":
    case "record":
      return compact ? (
        <OneLine>{textOf(field, value, context)}</OneLine>
      ) : (
        <ValueList>
          {ids(value).map((id) => {
            const ref = context.refs[id];
            // People and departments have no card.
            return ref && !["user", "department"].includes(ref.entity) ? (
              <InlineLink key={id}>
                <Link to="/records/$entity/$id" params={{ entity: ref.entity, id }}>
                  {ref.title}
                </Link>
              </InlineLink>
            ) : (
              <span key={id}>{ref?.title ?? context.words.unknown}</span>
            );
          })}
        </ValueList>
      );
    case "phones":
    case "emails":
    case "urls":
    case "messengers":
      return <Contacts field={field} record={record} compact={compact} />;
    default:
      return <OneLine>{textOf(field, value, context, record.fields)}</OneLine>;
  }
}

function Contacts({ field, record, compact }: Omit<Props, "context" | "compact"> & { compact: boolean }) {
  const values = multiValues(record.fields[field.key]);
  const shown = (value: string) => (field.type === "phones" ? formatPhone(value) : value);
  const first = values[0];
  if (!first) return null;
  if (compact) {
    return (
      <OneLine>
        {shown(first.value)}
        {values.length > 1 && <More>+{values.length - 1}</More>}
      </OneLine>
    );
  }
  return (
    <ValueList>
      {values.map((entry, index) => {
        const address = addressOf(field.type, entry.value);
        return address ? (
          <InlineLink key={index}>
            <a href={address} target={field.type === "urls" ? "_blank" : undefined} rel="noreferrer noopener">
              {shown(entry.value)}
            </a>
          </InlineLink>
        ) : (
          <span key={index}>{shown(entry.value)}</span>
        );
      })}
    </ValueList>
  );
}

/** Only schemes we make ourselves or plain web addresses; a stored `javascript:` stays text. */
export function addressOf(type: Field["type"], value: string): string | undefined {
  if (type === "phones") return `tel:${value.replace(/[^\d+]/g, "")}`;
  if (type === "emails") return `mailto:${value}`;
  if (type === "urls") {
    const url = /^[a-z][a-z0-9+.-]*:/i.test(value) ? value : `https://${value}`;
    return /^https?:\/\//i.test(url) ? url : undefined;
  }
  return undefined;
}
