/** `/imports`: what was imported and what is under way; an empty history offers the first file at once. */
import { Button } from "@mantine/core";
import { IconFileImport, IconFileSpreadsheet, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { importsQuery, isWorking } from "@/api/imports";
import { useEntities } from "@/api/session";
import type { Import } from "@/api/types";
import { formatDateTime, formatNumber, formatRelative } from "@/i18n/format";
import { Block, BlockBones, ItemBody, ItemList, itemClass, Lead } from "@/ui/block";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { StateMark } from "./parts";
import { UploadStep } from "./upload-step";

export default function ImportsPage() {
  const { t } = useTranslation(["imports", "common"]);
  const query = useQuery(importsQuery);
  const all = query.data ?? [];
  return (
    <>
      <PageHeader
        icon={<IconFileImport size={18} />}
        title={t("imports:title")}
        actions={
          all.length > 0 && (
            <Button component={Link} to="/imports/new" aria-label={t("imports:new")}>
              <IconText icon={<IconPlus size={16} />}>{t("imports:new")}</IconText>
            </Button>
          )
        }
      />
      <PageBody>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && all.length === 0 && (
          <>
            <Lead>{t("imports:empty")}</Lead>
            <UploadStep />
          </>
        )}
        {all.length > 0 && (
          <Block title={t("imports:history")}>
            <ItemList>
              {all.map((one) => (
                <Row key={one.id} one={one} />
              ))}
            </ItemList>
          </Block>
        )}
      </PageBody>
    </>
  );
}

function Row({ one }: { one: Import }) {
  const { t } = useTranslation("imports");
  const entity = useEntities().find(({ key }) => key === one.entity);
  const began = one.state !== "uploaded";
  const parts = [
    entity?.label_plural ?? one.entity,
    isWorking(one)
      ? t("progress", { done: formatNumber(one.processed), total: formatNumber(one.total) })
      : t("rows", { count: one.total }),
    ...(began && one.batch && one.accepted > 0 ? [t("accepted_count", { count: one.accepted })] : []),
    ...(began && one.skipped > 0 ? [t("skipped_count", { count: one.skipped })] : []),
    ...(began && one.refused > 0 ? [t("refused_count", { count: one.refused })] : []),
  ];
  return (
    <Link to="/imports/$id" params={{ id: one.id }} className={itemClass}>
      <ItemBody
        icon={<IconFileSpreadsheet size={18} />}
        title={one.file_name}
        tags={<StateMark state={one.state} />}
        note={parts.join(" · ")}
        aside={
          <time dateTime={one.created_at} title={formatDateTime(one.created_at)}>
            {formatRelative(one.created_at, Date.now())}
          </time>
        }
      />
    </Link>
  );
}
