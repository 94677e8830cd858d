/** The fields of a card by the sections of its layout, one under another. */
import { useTranslation } from "react-i18next";
import type { CardLayout, Entity, Field, RecordData } from "@/api/types";
import { InPlace } from "@/engines/fields/in-place";
import { fieldOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import type { RowSource } from "@/engines/source";
import { CardSection } from "@/ui/panel";

const technical = [
  "creator",
  "created_at",
  "editor",
  "updated_at",
  "last_activity_at",
  "closed_at",
  "stage_since",
  "stage_due",
];

interface Props {
  entity: Entity;
  source: RowSource;
  record: RecordData;
  onStage(stage: string): void;
  sections: CardLayout["sections"];
  /** Of the first tab: what is placed in any, for what the product keeps stands below unless it is. */
  placed?: ReadonlySet<string>;
}

export function Sections({ entity, source, record, onStage, sections: given, placed }: Props) {
  const { t } = useTranslation("card");
  const refs = record.refs ?? {};
  const visible = (keys: string[]) =>
    keys
      .map((key) => fieldOf(entity, key))
      .filter((field): field is Field => field !== undefined && field.key !== entity.title_field);
  const about = placed && {
    title: t("about"),
    fields: visible(technical.filter((key) => !placed.has(key))),
  };
  const sections = [
    ...given.map((section) => ({ title: section.title, fields: visible(section.fields) })),
    ...(about ? [about] : []),
  ];
  // The first two sections and ways to reach people always stand open; others fold while nothing is filled.
  const foldedAt = (section: (typeof sections)[number], index: number) => {
    if (section === about) return true;
    const reach = section.fields.some((field) => ["phones", "emails", "link", "links"].includes(field.type));
    if (index <= 1 || reach) return undefined;
    return section.fields.every((field) => isEmpty(record.fields[field.key]));
  };
  return sections
    .filter((section) => section.fields.length > 0)
    .map((section, index) => (
      <CardSection
        key={section.title + String(index)}
        title={section.title}
        folded={foldedAt(section, index)}
      >
        {section.fields.map((field) => (
          <InPlace
            key={field.key}
            source={source}
            field={field}
            record={record}
            refs={refs}
            onStage={onStage}
          />
        ))}
      </CardSection>
    ));
}
