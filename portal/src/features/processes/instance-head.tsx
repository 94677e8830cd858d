/** What an instance is: of which process, about what, how it stands. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Instance } from "@/api/types";
import { useSpan } from "@/engines/route-map/span";
import { standingOf } from "@/engines/route-map/states";
import { useNames, useTitles } from "@/engines/titles";
import { formatDateTime } from "@/i18n/format";
import { CardBody } from "@/ui/panel";
import { Fact, Facts, WorkTitle } from "@/ui/work";
import { InstanceState } from "./parts";

interface Props {
  instance: Instance;
  /** Beside a list: with the way to the page. */
  compact?: boolean;
  children: ReactNode;
}

export function InstanceHead({ instance, compact, children }: Props) {
  const { t } = useTranslation(["processes", "fields"]);
  const titles = useTitles([instance.subject], t("fields:untitled"));
  const names = useNames();
  const span = useSpan();
  const title = instance.subject && titles.get(instance.subject.id);
  const steps = standingOf(instance)
    .map(({ name }) => name)
    .join(", ");
  return (
    <CardBody>
      <WorkTitle level={compact ? 2 : 1}>
        {compact ? (
          <Link to="/instances/$id" params={{ id: instance.id }}>
            {instance.name}
          </Link>
        ) : (
          instance.name
        )}
      </WorkTitle>
      <Facts>
        <Fact name={t("processes:state")}>
          <InstanceState instance={instance} />
        </Fact>
        {title && instance.subject && (
          <Fact name={t("processes:about_record")}>
            <Link
              to="/records/$entity/$id"
              params={{ entity: instance.subject.entity, id: instance.subject.id }}
            >
              {title}
            </Link>
          </Fact>
        )}
        {instance.state === "active" && steps && <Fact name={t("processes:stands_at")}>{steps}</Fact>}
        <Fact name={t("processes:started_label")}>
          {formatDateTime(instance.started_at)}
          {instance.started_by && names.has(instance.started_by) && ` · ${names.get(instance.started_by)}`}
        </Fact>
        <Fact name={t(instance.ended_at ? "processes:took" : "processes:runs_for")}>
          {span(instance.started_at, instance.ended_at ?? new Date().toISOString())}
        </Fact>
        {!compact && (
          <Fact name={t("processes:of_definition")}>
            <Link to="/processes/$key" params={{ key: instance.key }} search={{ version: instance.version }}>
              {t("processes:version", { version: instance.version })}
            </Link>
          </Fact>
        )}
        {instance.parent && (
          <Fact name={t("processes:parent")}>
            <Link to="/instances/$id" params={{ id: instance.parent }}>
              {t("processes:open")}
            </Link>
          </Fact>
        )}
      </Facts>
      {children}
    </CardBody>
  );
}
