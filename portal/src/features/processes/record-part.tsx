/** Processes about a record, on its card: what runs with the step it stands at, and starting one. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { definitionsQuery, instancesQuery } from "@/api/processes";
import type { CardPart } from "@/engines/card-parts";
import { standingOf } from "@/engines/route-map/states";
import { CardSection } from "@/ui/panel";
import { FootButtons, Hint, PickFacts, PickRow } from "@/ui/work";
import { InstanceState } from "./parts";
import { StartDialog } from "./start-dialog";

const few = 5;

export default function RecordWork({ entity, id }: CardPart) {
  const { t } = useTranslation("tasks");
  if (entity === "activity") return null;
  if (entity !== "task") return <RecordProcesses entity={entity} id={id} />;
  return (
    <FootButtons>
      <Button
        variant="default"
        size="compact-sm"
        renderRoot={(props) => <Link to="/tasks/$id" params={{ id }} {...props} />}
      >
        {t("open_task")}
      </Button>
    </FootButtons>
  );
}

function RecordProcesses({ entity, id }: CardPart) {
  const { t } = useTranslation("processes");
  const [starting, setStarting] = useState(false);
  const definitions = useQuery(definitionsQuery);
  const query = useInfiniteQuery(instancesQuery({ subject: id }, few));
  const page = query.data?.pages[0];
  const mayStart = (definitions.data ?? []).some(({ may, published }) => published && may.includes("start"));
  // A company without processes is not told of them on every card.
  if (!page || (page.items.length === 0 && !mayStart)) return null;
  return (
    <CardSection title={t("title")}>
      {page.items.length === 0 && <Hint>{t("record_none")}</Hint>}
      {page.items.map((instance) => (
        <PickRow
          key={instance.id}
          testId={`process-${instance.id}`}
          opened={false}
          end={<InstanceState instance={instance} />}
          link={
            <Link to="/instances/$id" params={{ id: instance.id }}>
              {instance.name}
            </Link>
          }
        >
          {instance.state === "active" && (
            <PickFacts>
              {standingOf(instance)
                .map(({ name }) => name)
                .join(", ")}
            </PickFacts>
          )}
        </PickRow>
      ))}
      <FootButtons>
        {mayStart && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => setStarting(true)}
          >
            {t("start_new")}
          </Button>
        )}
        {page.next_cursor && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            renderRoot={(props) => <Link to="/journal" search={{ subject: id }} {...props} />}
          >
            {t("all_of_record")}
          </Button>
        )}
      </FootButtons>
      {starting && <StartDialog subject={{ entity, id }} onClose={() => setStarting(false)} />}
    </CardSection>
  );
}
