/** `/processes/{key}`: a definition with its versions, its drawing, what is wrong with it, and what it would do. */

import { Button, Select } from "@mantine/core";
import { IconPlayerPlay, IconRoute, IconTestPipe } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { definitionQuery, drawingQuery, publishDefinition, versionsQuery } from "@/api/processes";
import type { Definition, DryRun } from "@/api/types";
import { runningQuery } from "@/engines/migration/api";
import { nameOf } from "@/engines/route-map/drawing";
import { RouteMap, useDrawing } from "@/engines/route-map/route-map";
import { sightsOfPath, sightsOfProblems } from "@/engines/route-map/states";
import { withMessageTexts } from "@/i18n";
import { formatDateTime } from "@/i18n/format";
import { Confirm } from "@/ui/confirm";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { FormProblem } from "@/ui/sign-in";
import { Bone, ErrorState, PageSkeleton } from "@/ui/states";
import { toast } from "@/ui/toast";
import { Fact, Facts, Hint, PlainText, StateMark, WorkStack } from "@/ui/work";
import { problemsOf } from "./model";
import { Problems } from "./parts";
import { DryRunDialog, StartDialog } from "./start-dialog";

const MigrationWizard = lazy(() => withMessageTexts(() => import("@/engines/migration/wizard")));

const route = getRouteApi("/shell/processes/$key");

export default function DefinitionPage() {
  const { key } = route.useParams();
  const { version } = route.useSearch();
  const query = useQuery(definitionQuery(key, version));
  if (query.isPending) return <PageSkeleton />;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <Shown key={`${key} ${query.data.version}`} definition={query.data} />;
}

function Shown({ definition }: { definition: Definition }) {
  const { t } = useTranslation(["processes", "common"]);
  const [dialog, setDialog] = useState<"publish" | "dry" | "start" | "migrate">();
  const [run, setRun] = useState<DryRun>();
  const may = (action: Definition["may"][number]) => definition.may.includes(action);
  const live = definition.published === definition.version;
  const running = useQuery({ ...runningQuery(definition.key), enabled: live && may("operate") });
  const older = running.data?.instances.some(({ version }) => version !== definition.version) ?? false;
  return (
    <>
      <PageHeader
        icon={<IconRoute size={18} />}
        title={definition.name}
        actions={
          <>
            {(may("design") || may("operate")) && (
              <Button variant="default" onClick={() => setDialog("dry")}>
                <IconText icon={<IconTestPipe size={16} aria-hidden />}>{t("processes:dry_run")}</IconText>
              </Button>
            )}
            {older && (
              <Button variant="default" onClick={() => setDialog("migrate")}>
                {t("processes:migrate")}
              </Button>
            )}
            {may("start") && definition.published && (
              <Button variant={live ? "filled" : "default"} onClick={() => setDialog("start")}>
                <IconText icon={<IconPlayerPlay size={16} aria-hidden />}>{t("processes:start")}</IconText>
              </Button>
            )}
            {may("publish") && !live && (
              <Button onClick={() => setDialog("publish")}>{t("processes:publish")}</Button>
            )}
          </>
        }
      />
      <PageBody>
        <WorkStack>
          <About definition={definition} />
          <Drawing definition={definition} run={run} onClear={() => setRun(undefined)} />
        </WorkStack>
      </PageBody>
      {dialog === "publish" && <Publish definition={definition} onClose={() => setDialog(undefined)} />}
      {dialog === "start" && <StartDialog definition={definition.key} onClose={() => setDialog(undefined)} />}
      {dialog === "migrate" && (
        <Suspense>
          <MigrationWizard
            definition={definition.key}
            version={definition.version}
            onClose={() => setDialog(undefined)}
          />
        </Suspense>
      )}
      {dialog === "dry" && (
        <DryRunDialog
          definition={definition}
          onClose={() => setDialog(undefined)}
          onRun={(result) => {
            setRun(result);
            setDialog(undefined);
          }}
        />
      )}
    </>
  );
}

function About({ definition }: { definition: Definition }) {
  const { t } = useTranslation("processes");
  const navigate = useNavigate();
  const versions = useQuery(versionsQuery(definition.key));
  const words = (version: number) =>
    `${t("version", { version })}${version === definition.published ? ` · ${t("published")}` : ""}`;
  return (
    <Facts>
      <Fact name={t("version_shown")}>
        <Select
          aria-label={t("version_shown")}
          w={220}
          allowDeselect={false}
          data={(versions.data ?? [definition]).map(({ version }) => ({
            value: String(version),
            label: words(version),
          }))}
          value={String(definition.version)}
          onChange={(next) =>
            void navigate({
              to: "/processes/$key",
              params: { key: definition.key },
              search: Number(next) === definition.latest ? {} : { version: Number(next) },
            })
          }
        />
      </Fact>
      <Fact name={t("state")}>
        {definition.published === definition.version ? (
          <StateMark tone="done">{t("published_now")}</StateMark>
        ) : (
          <StateMark tone="wait">{t("not_published")}</StateMark>
        )}
      </Fact>
      <Fact name={t("made")}>{formatDateTime(definition.created_at)}</Fact>
      <Fact name={t("journal")}>
        <Link to="/journal" search={{ definition: definition.key, state: "active" }}>
          {t("running_now")}
        </Link>
      </Fact>
    </Facts>
  );
}

function Drawing({
  definition,
  run,
  onClear,
}: {
  definition: Definition;
  run: DryRun | undefined;
  onClear(): void;
}) {
  const { t } = useTranslation(["processes", "common"]);
  const xml = useQuery(drawingQuery(definition.key, definition.version));
  const drawing = useDrawing(xml.data);
  const problems = useMemo(() => problemsOf(definition), [definition]);
  const failures = (run?.problems ?? []) as unknown as { element: string; message: string }[];
  const sights = useMemo(
    () =>
      run
        ? sightsOfPath(run.visited, run.problems as unknown as { element: string; message: string }[])
        : sightsOfProblems(problems),
    [run, problems],
  );
  const about = drawing?.nodes.get(definition.processes[0] ?? "")?.documentation;
  return (
    <>
      {about && (
        <CardSection title={t("processes:about")}>
          <PlainText>{about}</PlainText>
        </CardSection>
      )}
      {run && (
        <CardSection title={t("processes:dry_result")}>
          <PlainText>
            {t(`processes:dry_${run.state as "active"}`)} {run.visited.length > 0 && t("processes:dry_path")}
          </PlainText>
          <PlainText>
            {run.visited.map((element, index) => `${index + 1}. ${nameOf(drawing, element)}`).join("\n")}
          </PlainText>
          {failures.map(({ element, message }) => (
            <FormProblem key={element}>
              {nameOf(drawing, element)}: {message}
            </FormProblem>
          ))}
          {run.cut && <Hint>{t("processes:dry_cut")}</Hint>}
          <div>
            <Button variant="default" size="compact-sm" onClick={onClear}>
              {t("processes:dry_clear")}
            </Button>
          </div>
        </CardSection>
      )}
      {xml.isPending && <Bone height={320} />}
      {xml.isError && <Hint>{messageOf(xml.error, t("common:network"))}</Hint>}
      {xml.data && <RouteMap xml={xml.data} label={t("processes:route_map")} sights={sights} />}
      {problems.length > 0 && (
        <CardSection title={t("processes:problems")}>
          <Problems problems={problems} drawing={drawing} />
        </CardSection>
      )}
    </>
  );
}

function Publish({ definition, onClose }: { definition: Definition; onClose(): void }) {
  const { t } = useTranslation(["processes", "common"]);
  const publish = useMutation({
    mutationFn: () => publishDefinition(definition.key, definition.version),
    onSuccess: () => {
      toast({ message: t("processes:published_done", { version: definition.version }), kind: "done" });
      onClose();
    },
  });
  return (
    <Confirm
      title={t("processes:publish_title", { version: definition.version })}
      text={t("processes:publish_text")}
      yes={t("processes:publish")}
      no={t("common:cancel")}
      close={t("common:close")}
      pending={publish.isPending}
      problem={publish.error && <FormProblem>{messageOf(publish.error, t("common:network"))}</FormProblem>}
      onYes={() => publish.mutate()}
      onNo={onClose}
    />
  );
}
