/** A lead: converting it, and what it became. */
import { Button } from "@mantine/core";
import { IconArrowForwardUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Id } from "@/api/types";
import type { SaleCard } from "@/engines/card-parts";
import { stageOf } from "@/engines/fields/text";
import { CardConcerned } from "@/ui/panel";
import { FootButtons } from "@/ui/work";
import { becoming } from "./convert";
import { ConvertDialog } from "./convert-dialog";

export function LeadPart({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const [open, setOpen] = useState(false);
  const won = stageOf(entity, record.fields.stage)?.semantic === "won";
  if (won) return <Became entity={entity} record={record} />;
  if (!entity.actions.update) return null;
  return (
    <FootButtons>
      <Button
        size="compact-sm"
        leftSection={<IconArrowForwardUp size={16} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        {t("convert")}
      </Button>
      {open && <ConvertDialog entity={entity} record={record} onClose={() => setOpen(false)} />}
    </FootButtons>
  );
}

function Became({ record }: SaleCard) {
  const { t } = useTranslation(["documents", "fields"]);
  const entities = useEntities();
  const links = becoming.flatMap((key) => {
    const id = record.fields[key];
    const label = entities.find((one) => one.key === key)?.label;
    return typeof id === "string" && id && label ? [{ key, id: id as Id, label }] : [];
  });
  if (links.length === 0) return null;
  return (
    <CardConcerned>
      {t("documents:became")}{" "}
      {links.map(({ key, id, label }, index) => (
        <Fragment key={key}>
          {index > 0 && ", "}
          <Link to="/records/$entity/$id" params={{ entity: key, id }}>
            {label} «{record.refs?.[id]?.title ?? t("fields:untitled")}»
          </Link>
        </Fragment>
      ))}
    </CardConcerned>
  );
}
