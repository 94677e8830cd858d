/** Records that link to the one of the card, as its layout lists them: the newest, all of them by a link, a new one. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { onEntityChange } from "@/api/live";
import { useEntity } from "@/api/session";
import type { Entity, RecordData, RelatedList } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { fieldOf, textOf, titleOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { pageOptions } from "@/engines/pages";
import { askedOf, begins, factsOf, titleOfList } from "@/engines/related";
import { openCreate } from "@/state/creating";
import { CardSection } from "@/ui/panel";
import { ErrorState } from "@/ui/states";
import { FootButtons, Hint, PickFacts, PickRow } from "@/ui/work";
import { recordsSource } from "./source";

interface Props {
  record: RecordData;
  list: RelatedList;
}

export default function RelatedPart({ record, list }: Props) {
  const child = useEntity(list.entity);
  // Not for this person, or gone meanwhile.
  if (!child || !fieldOf(child, list.via)) return null;
  return <Rows record={record} list={list} child={child} />;
}

function Rows({ record, list, child }: Props & { child: Entity }) {
  const { t } = useTranslation(["records", "common", "fields"]);
  const client = useQueryClient();
  const query = useMemo(() => askedOf(list, child, record.id), [list, child, record.id]);
  const options = useMemo(() => pageOptions(recordsSource(child).pages(query)), [child, query]);
  const found = useInfiniteQuery(options);
  useEffect(
    () =>
      onEntityChange((entities) => {
        if (entities.includes(child.key)) void client.invalidateQueries({ queryKey: options.queryKey });
      }),
    [client, child.key, options],
  );
  const page = found.data?.pages[0];
  const context = useTextContext(child, page?.refs ?? {});
  const said = ({ fields }: RecordData) =>
    factsOf(list, child)
      .filter(({ key }) => !isEmpty(fields[key]))
      .map((field) => `${field.label}: ${textOf(field, fields[field.key], context, fields)}`)
      .join(" · ");
  const total = page?.total ?? 0;
  const via = fieldOf(child, list.via);
  return (
    <CardSection title={titleOfList(list, child, record.entity)}>
      {found.isPending && <Hint>{t("common:loading")}</Hint>}
      {found.isError && !page && <ErrorState error={found.error} retry={() => void found.refetch()} />}
      {page?.items.length === 0 && <Hint>{t("records:related_none")}</Hint>}
      {page?.items.map((item) => (
        <PickRow
          key={item.id}
          testId={`related-${item.id}`}
          opened={false}
          link={
            <Link to="/records/$entity/$id" params={{ entity: child.key, id: item.id }}>
              {titleOf(child, item.fields, t("fields:untitled"))}
            </Link>
          }
        >
          <PickFacts>{said(item)}</PickFacts>
        </PickRow>
      ))}
      <FootButtons>
        {page && total > page.items.length && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            renderRoot={(props) => (
              <Link
                to="/records/$entity/list"
                params={{ entity: child.key }}
                search={{ filter: query.filter ?? undefined }}
                {...props}
              />
            )}
          >
            {t("records:related_all", { count: total })}
          </Button>
        )}
        {child.actions.create && via && !via.read_only && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() =>
              openCreate(child.key, begins(list, child, record.id), {
                [record.id]: { entity: record.entity, title: String(record.fields.title ?? "") },
              })
            }
          >
            {t("records:related_add", { what: child.label })}
          </Button>
        )}
      </FootButtons>
    </CardSection>
  );
}
