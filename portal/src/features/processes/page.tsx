/** `/processes`: the company's route maps, templates to begin with, and a file of one's own. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconRoute } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { drawingsQuery } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import { definitionsQuery, deployTemplate, instancesQuery, templatesQuery } from "@/api/processes";
import { useMe } from "@/api/session";
import type { Definition, ProcessTemplate } from "@/api/types";
import { PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { Card, Cards, Hint, StateMark, WorkGroup, WorkList, WorkRow, WorkStack } from "@/ui/work";
import { Drawings, NewProcess } from "./drawings-list";
import { problemsOf } from "./model";
import { UploadFile } from "./upload";

export default function ProcessesPage() {
  const { t } = useTranslation(["processes", "common"]);
  const me = useMe();
  const query = useQuery(definitionsQuery);
  const definitions = query.data ?? [];
  // Whoever may design sees drawings; the server says who that is.
  const drawings = useInfiniteQuery(drawingsQuery);
  const draws = me.admin || drawings.isSuccess;
  const drawn = (drawings.data?.pages[0]?.items.length ?? 0) > 0;
  return (
    <>
      <PageHeader
        icon={<IconRoute size={18} />}
        title={t("processes:title")}
        actions={draws && <NewProcess />}
      />
      <PageBody>
        <WorkStack>
          {draws && <Drawings />}
          {query.isPending && <ListSkeleton rows={5} />}
          {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
          {query.isSuccess && definitions.length === 0 && !drawn && (
            <EmptyState
              title={t("processes:empty_title")}
              action={
                draws && (
                  <Button
                    renderRoot={(props) => (
                      <Link to="/processes/drawings/new" search={{ from: "lines" }} {...props} />
                    )}
                  >
                    {t("processes:new_steps")}
                  </Button>
                )
              }
            >
              {t(draws ? "processes:empty_admin" : "processes:empty")}
            </EmptyState>
          )}
          {definitions.length > 0 && (
            <WorkList>
              <WorkGroup title={t("processes:ours")}>
                {definitions.map((definition) => (
                  <Row key={definition.key} definition={definition} />
                ))}
              </WorkGroup>
            </WorkList>
          )}
          {me.admin && <Templates taken={definitions.map(({ key }) => key)} />}
          {me.admin && (
            <CardSection title={t("processes:upload")}>
              <UploadFile />
            </CardSection>
          )}
        </WorkStack>
      </PageBody>
    </>
  );
}

const counted = 100;

function Row({ definition }: { definition: Definition }) {
  const { t } = useTranslation("processes");
  const sees = definition.may.includes("see") || definition.may.includes("operate");
  const running = useInfiniteQuery({
    ...instancesQuery({ definition: definition.key, state: "active" }, counted),
    enabled: sees,
  });
  const page = running.data?.pages[0];
  const count = page && `${page.items.length}${page.next_cursor ? "+" : ""}`;
  const warnings = problemsOf(definition).length;
  return (
    <WorkRow
      testId={`definition-${definition.key}`}
      link={
        <Link to="/processes/$key" params={{ key: definition.key }} data-row-link>
          {definition.name}
        </Link>
      }
      facts={[
        definition.published
          ? t("version_runs", { version: definition.published })
          : t("version_none", { version: definition.latest }),
        definition.published && definition.latest > definition.published
          ? t("version_newer", { version: definition.latest })
          : "",
      ]
        .filter(Boolean)
        .join(" · ")}
      about={
        warnings > 0 && (
          <StateMark tone="wait" icon={<IconAlertTriangle size={12} aria-hidden />}>
            {t("problems_count", { count: warnings })}
          </StateMark>
        )
      }
      due={page?.items.length ? t("running", { count: page.items.length, shown: count ?? "" }) : ""}
    />
  );
}

function Templates({ taken }: { taken: string[] }) {
  const { t } = useTranslation(["processes", "common"]);
  const query = useQuery(templatesQuery);
  const left = query.data?.filter(({ key }) => !taken.includes(key)) ?? [];
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  if (left.length === 0) return null;
  return (
    <CardSection title={t("processes:templates")}>
      <Cards>
        {left.map((template) => (
          <Template key={template.key} template={template} />
        ))}
      </Cards>
    </CardSection>
  );
}

function Template({ template }: { template: ProcessTemplate }) {
  const { t } = useTranslation("processes");
  const navigate = useNavigate();
  const missing = template.missing_roles.map(({ name }) => name).join(", ");
  const deploy = useMutation({
    mutationFn: () => deployTemplate(template.key, false),
    onSuccess: (made) => {
      toast({ message: t("deployed", { title: made.name }), kind: "done" });
      void navigate({ to: "/processes/$key", params: { key: made.key } });
    },
    onError: (error) => toastError(error),
  });
  return (
    <Card title={template.title} text={template.description}>
      {missing && <Hint>{t("missing_roles", { roles: missing })}</Hint>}
      <Button variant="default" onClick={() => deploy.mutate()} loading={deploy.isPending}>
        {t("deploy")}
      </Button>
    </Card>
  );
}
