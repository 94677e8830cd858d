/** Who is known already with what is being typed: better found now than merged later. */
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Duplicate, findDuplicates } from "@/api/merge";
import { useEntities } from "@/api/session";
import type { Entity, Fields } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import { isEmpty, withoutEmpty } from "@/engines/fields/values";
import { FormHint } from "@/ui/form";

const most = 3;
/** What records are recognised by. */
const telling = [
  "phones",
  "emails",
  "tax_id",
  "registration_number",
  "title",
  "last_name",
  "first_name",
  "birthdate",
  "company_title",
  "companies",
];

/** What is typed of these so far. */
function typed(fields: Fields): Fields {
  const told: Fields = {};
  for (const key of telling) {
    const value = withoutEmpty(fields[key]);
    if (!isEmpty(value)) told[key] = value;
  }
  return told;
}

export default function Alike({ entity, fields }: { entity: Entity; fields: Fields }) {
  const { t } = useTranslation("records");
  const [asked] = useDebouncedValue(JSON.stringify(typed(fields)), 400);
  const found = useQuery({
    queryKey: ["alike", entity.key, asked],
    queryFn: ({ signal }) => findDuplicates(entity.key, { fields: JSON.parse(asked) as Fields }, signal),
    enabled: asked !== "{}",
  });
  const items = found.data?.items.slice(0, most) ?? [];
  if (items.length === 0) return null;
  const refused =
    entity.duplicates === "block" && items.some((one) => one.strong && one.record.entity === entity.key);
  return (
    <FormHint title={refused ? t("alike_block") : t("alike")}>
      {items.map((one) => (
        <DuplicateLink key={one.record.id} duplicate={one} beside />
      ))}
    </FormHint>
  );
}

/** Who it is and what they share. */
export function DuplicateLink({ duplicate, beside }: { duplicate: Duplicate; beside?: boolean }) {
  const { t } = useTranslation(["records", "fields"]);
  const entities = useEntities();
  const { record, because } = duplicate;
  const entity = entities.find((one) => one.key === record.entity);
  if (!entity) return null;
  const title = titleOf(entity, record.fields, t("fields:untitled"));
  const reasons = because.map((reason) => t(`records:because_${reason}`)).join(", ");
  return (
    <Link
      to="/records/$entity/$id"
      params={{ entity: entity.key, id: record.id }}
      {...(beside && { target: "_blank" })}
    >
      {t("records:same_kind", { entity: entity.label, title })} ({reasons})
    </Link>
  );
}
