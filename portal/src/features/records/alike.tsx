/** Who is known already with a phone or an e-mail that is being typed: better found now than merged later. */
import { useDebouncedValue } from "@mantine/hooks";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { queryRecords } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Entity, Fields, Filter } from "@/api/types";
import { addressesOf } from "@/engines/fields/addresses";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { FormHint } from "@/ui/form";

const most = 3;

const reachable = (entity: Entity) =>
  entity.actions.read && fieldOf(entity, "phones") !== undefined && fieldOf(entity, "emails") !== undefined;

export function Alike({ fields }: { fields: Fields }) {
  const { t } = useTranslation(["card", "fields"]);
  const [asked] = useDebouncedValue(JSON.stringify(addressesOf(fields)), 400);
  const filters = JSON.parse(asked) as Filter[];
  const entities = useEntities().filter(reachable);
  const answers = useQueries({
    queries: entities.map((entity) => ({
      queryKey: ["alike", entity.key, asked],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        queryRecords(
          entity.key,
          { filter: { or: filters }, limit: most, fields: [entity.title_field, "number"] },
          { signal },
        ),
      enabled: filters.length > 0,
    })),
  });
  if (filters.length === 0) return null;
  const found = entities.flatMap((entity, index) =>
    (answers[index]?.data?.items ?? []).map((record) => ({ entity, record })),
  );
  if (found.length === 0) return null;
  return (
    <FormHint title={t("card:alike")}>
      {found.map(({ entity, record }) => (
        <Link
          key={record.id}
          to="/records/$entity/$id"
          params={{ entity: entity.key, id: record.id }}
          target="_blank"
        >
          {entity.label}: {titleOf(entity, record.fields, t("fields:untitled"))}
        </Link>
      ))}
    </FormHint>
  );
}
