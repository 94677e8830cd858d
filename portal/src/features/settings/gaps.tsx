/** Records that would not be taken as they are: looked for when asked, some hundreds at a time. */
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Violation, violationsQuery } from "@/api/rules";
import type { Entity } from "@/api/types";
import { Block, type Column, DataTable, Lead, Stacked } from "@/ui/block";
import { ErrorState } from "@/ui/states";
import { InlineLink } from "@/ui/value";

/** Records that each page looks at. */
const LOOKED_AT = 200;

export function Gaps({ entity }: { entity: Entity }) {
  const { t } = useTranslation("rules");
  const query = useInfiniteQuery(violationsQuery(entity.key));
  const found = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const looked = (query.data?.pages.length ?? 0) * LOOKED_AT;
  const columns: Column<Violation>[] = [
    {
      key: "title",
      label: entity.label,
      grow: true,
      render: ({ id, title }) => (
        <InlineLink>
          <Link to="/records/$entity/$id" params={{ entity: entity.key, id }}>
            {title}
          </Link>
        </InlineLink>
      ),
    },
    {
      key: "errors",
      label: "",
      render: ({ errors }) => (
        <Stacked>
          {errors.map((one) => {
            const field = entity.fields.find(({ key }) => key === one.field)?.label;
            return (
              <span key={`${one.field} ${one.rule} ${one.code}`}>
                {field ? `${field}: ${one.message}` : one.message}
              </span>
            );
          })}
        </Stacked>
      ),
    },
  ];
  const look = () => void (query.data ? query.fetchNextPage() : query.refetch());
  const more = !query.data || query.hasNextPage;
  return (
    <Block
      title={t("gaps")}
      note={t("gaps_note")}
      actions={
        more && (
          <Button variant="default" loading={query.isFetching} onClick={look}>
            {t(query.data ? "gaps_more" : "gaps_look")}
          </Button>
        )
      }
    >
      {query.isError && <ErrorState error={query.error} retry={look} />}
      {query.data && found.length === 0 && <Lead>{t("gaps_none", { number: looked })}</Lead>}
      {found.length > 0 && (
        <DataTable label={t("gaps")} columns={columns} rows={found} keyOf={({ id }) => id} />
      )}
    </Block>
  );
}
