/** What a task is about: the way from the task to that record. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useEntity } from "@/api/session";
import type { RecordData } from "@/api/types";
import { concernedBy } from "@/engines/fields/concerned";
import { CardConcerned } from "@/ui/panel";

export function ConcernedLink({ record }: { record: RecordData }) {
  const { t } = useTranslation("card");
  const about = concernedBy(record, record.refs ?? {});
  const entity = useEntity(about?.entity ?? "");
  if (!about || !entity) return null;
  return (
    <CardConcerned>
      {t("concerns")}{" "}
      <Link to="/records/$entity/$id" params={{ entity: about.entity, id: about.id }}>
        {entity.label} «{about.title}»
      </Link>
    </CardConcerned>
  );
}
