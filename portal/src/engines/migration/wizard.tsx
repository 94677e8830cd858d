/**
 * Running instances to another version: which old step is which new one, what fits and what would stay and why, then the
 * work with its progress, and what was refused.
 */
import { Button, Modal, Select } from "@mantine/core";
import { keepPreviousData, useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { drawingQuery } from "@/api/processes";
import { readDrawing } from "@/engines/route-map/drawing";
import { formatNumber } from "@/i18n/format";
import { Meter, Notice } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { MapRow, MapRows, Reason, Reasons } from "@/ui/migration";
import { FormProblem } from "@/ui/sign-in";
import { Bone, ErrorState } from "@/ui/states";
import { useFocusBack } from "@/ui/use-focus-back";
import { useOnce } from "@/ui/use-once";
import { Hint, WorkStack } from "@/ui/work";
import { migrate, rehearsalQuery, runningQuery, undoMigration } from "./api";
import {
  type Mapping,
  namedOnly,
  proposedMapping,
  type Refusal,
  type Report,
  reasonOf,
  refusalsOf,
  rowsOf,
  runningOf,
  targetsOf,
} from "./model";

interface Props {
  definition: string;
  /** The version they are brought to. */
  version: number;
  onClose(): void;
}

/** Drawings of old versions that are read for names and kinds. */
const MOST_VERSIONS = 5;

export default function MigrationWizard({ definition, version, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["processes", "common"]);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("processes:migrate_title", { version })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Body definition={definition} version={version} onClose={onClose} />
    </Modal>
  );
}

/** Where they stand and what the new version has: read once, so that nothing moves under the hand. */
function Body({ definition, version, onClose }: Props) {
  const { t } = useTranslation(["processes", "common"]);
  const [done, setDone] = useState<Outcome>();
  const running = useQuery({
    ...runningQuery(definition),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
    enabled: done === undefined,
  });
  const found = useMemo(
    () => running.data && runningOf(running.data.instances, version),
    [running.data, version],
  );
  const versions = [version, ...(found?.versions ?? []).slice(0, MOST_VERSIONS).map((one) => one.version)];
  const files = useQueries({ queries: versions.map((one) => drawingQuery(definition, one)) });
  if (done) return <Done {...done} definition={definition} version={version} onClose={onClose} />;
  // What was read stays in view, and what was chosen with it, when asking again fails.
  const failed = [running, ...files].find(({ data, error }) => data === undefined && error)?.error;
  if (failed) {
    return (
      <ErrorState
        error={failed}
        retry={() => {
          void running.refetch();
          for (const file of files) if (file.isError) void file.refetch();
        }}
      />
    );
  }
  if (!found || files.some(({ data }) => data === undefined)) return <Bone height={200} />;
  if (found.total === 0) return <Hint>{t("processes:migrate_none")}</Hint>;
  return (
    <Mapped
      definition={definition}
      version={version}
      onClose={onClose}
      found={found}
      more={running.data?.more ?? false}
      files={files.map(({ data }) => data ?? "")}
      onAgain={() => void running.refetch()}
      onDone={setDone}
    />
  );
}

interface Outcome {
  report: Report;
  nameOf(element: string): string;
}

interface MappedProps extends Props {
  found: ReturnType<typeof runningOf>;
  more: boolean;
  /** The new version's, then those of the old ones. */
  files: string[];
  onAgain(): void;
  onDone(outcome: Outcome): void;
}

function Mapped({ definition, version, found, more, files, onClose, onAgain, onDone }: MappedProps) {
  const { t } = useTranslation(["processes", "common", "fields"]);
  const content = files.join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the files are their text
  const [now, old] = useMemo(() => {
    const [fresh, ...before] = files.map((file) => readDrawing(file).nodes);
    return [fresh ?? new Map(), new Map(before.toReversed().flatMap((nodes) => [...nodes]))];
  }, [content]);
  const [said, setSaid] = useState<Mapping>();
  const proposed = useMemo(
    () =>
      proposedMapping(
        found.standing.map(({ element }) => element),
        old,
        now,
      ),
    [found, old, now],
  );
  const mapping = said ?? proposed;
  const trial = useQuery({
    ...rehearsalQuery(definition, version, mapping),
    placeholderData: keepPreviousData,
  });
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  const moving = useMutation({
    mutationFn: () => migrate(definition, version, mapping, setProgress),
    onSuccess: (report) => onDone({ report, nameOf }),
    onSettled: () => setProgress(undefined),
  });
  const move = useOnce(moving.mutateAsync);
  const nameOf = (element: string) =>
    old.get(element)?.name ||
    found.standing.find((one) => one.element === element)?.name ||
    now.get(element)?.name ||
    element;
  const rows = rowsOf([...found.standing, ...namedOnly(trial.data, found.standing, now)], mapping, now);
  const asked = rows.filter(({ kept }) => !kept);
  const fits = trial.data?.migrated ?? 0;
  const put = (element: string, to: string) => {
    const next = { ...mapping };
    if (to) next[element] = to;
    else delete next[element];
    setSaid(next);
  };
  return (
    <WorkStack>
      <Hint>
        {found.versions
          .map((one) => t("processes:migrate_count", { count: one.count, version: one.version }))
          .join(", ")}
        . {more && t("processes:migrate_more")}
      </Hint>
      {asked.length > 0 && <Hint>{t("processes:migrate_map_text")}</Hint>}
      {asked.length > 0 && (
        <MapRows label={t("processes:migrate_map")}>
          {asked.map(({ element, count, to }) => (
            <MapRow
              key={element}
              name={nameOf(element)}
              count={t("processes:migrate_stand", { count })}
              open={to === ""}
            >
              <Select
                aria-label={t("processes:migrate_to", { name: nameOf(element) })}
                searchable
                clearable
                clearButtonProps={{ "aria-label": t("fields:clear") }}
                disabled={moving.isPending}
                placeholder={t("processes:migrate_to_none")}
                data={targetsOf(old.get(element), now).map(({ id, name }) => ({
                  value: id,
                  label: name || id,
                }))}
                value={to || null}
                onChange={(next) => put(element, next ?? "")}
              />
            </MapRow>
          ))}
        </MapRows>
      )}
      {rows.length > asked.length && (
        <Hint>{t("processes:migrate_kept", { count: rows.length - asked.length })}</Hint>
      )}
      {trial.isError && <FormProblem>{messageOf(trial.error, t("common:network"))}</FormProblem>}
      {trial.data && (
        <div aria-live="polite">
          <Notice tone={fits > 0 ? "ok" : "warn"}>
            {t("processes:migrate_fits", { count: fits })} {trial.isFetching && t("processes:migrate_trying")}
          </Notice>
          {trial.data.refused > 0 && (
            <Refused
              title={t("processes:migrate_stays", { count: trial.data.refused })}
              refusals={refusalsOf(trial.data)}
              nameOf={nameOf}
            />
          )}
        </div>
      )}
      {moving.error && (
        <FormProblem>
          {moving.error instanceof ApiError
            ? messageOf(moving.error, t("common:network"))
            : t("processes:migrate_lost")}
        </FormProblem>
      )}
      {progress && (
        <>
          <Meter
            label={t("processes:migrate_doing")}
            text={`${formatNumber(progress.done)} / ${formatNumber(progress.total)}`}
            share={progress.total > 0 ? progress.done / progress.total : 0}
          />
          <Hint>{t("processes:migrate_goes_on")}</Hint>
        </>
      )}
      <FormActions>
        {(moving.isError || trial.isError) && (
          <Button
            variant="default"
            onClick={() => {
              moving.reset();
              onAgain();
              void trial.refetch();
            }}
          >
            {t("processes:migrate_look")}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {t("common:close")}
        </Button>
        <Button loading={moving.isPending} disabled={fits === 0 || trial.isFetching} onClick={() => move()}>
          {t("processes:migrate_do", { count: fits })}
        </Button>
      </FormActions>
    </WorkStack>
  );
}

function Refused({
  title,
  refusals,
  nameOf,
  links,
}: {
  title: string;
  refusals: Refusal[];
  nameOf(element: string): string;
  links?: boolean;
}) {
  const { t } = useTranslation("processes");
  const words = (message: string) => {
    const code = reasonOf(message);
    return code ? t(`reason_${code}`) : message;
  };
  return (
    <Reasons title={title}>
      {refusals.slice(0, 50).map(({ element, message, instances }) => (
        <Reason
          key={`${element} ${message}`}
          name={nameOf(element)}
          text={words(message)}
          count={formatNumber(instances.length)}
        >
          {links &&
            instances.slice(0, 10).map((id, index) => (
              <Link key={id} to="/instances/$id" params={{ id }}>
                {t("migrate_instance", { number: index + 1 })}
              </Link>
            ))}
        </Reason>
      ))}
    </Reasons>
  );
}

interface DoneProps extends Outcome {
  definition: string;
  version: number;
  onClose(): void;
}

/** What came of it, and the way back: of each until its next step. */
function Done({ report, definition, version, nameOf, onClose }: DoneProps) {
  const { t } = useTranslation(["processes", "watch", "common"]);
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  const undoing = useMutation({
    mutationFn: (batch: string) => undoMigration(definition, batch, setProgress),
    onSettled: () => setProgress(undefined),
  });
  const undo = useOnce(undoing.mutateAsync);
  const { batch } = report;
  const undone = undoing.data;
  return (
    <WorkStack>
      <Notice tone="ok">
        {undone
          ? t("watch:migrate_undone", { count: undone.undone })
          : t("processes:migrate_done", { count: report.migrated, version })}
      </Notice>
      {undone && undone.stayed > 0 && (
        <Reasons title={t("watch:migrate_gone_on", { count: undone.stayed })}>
          {undone.instances.slice(0, 50).map((id, index) => (
            <li key={id}>
              <Link to="/instances/$id" params={{ id }}>
                {t("processes:migrate_instance", { number: index + 1 })}
              </Link>
            </li>
          ))}
        </Reasons>
      )}
      {report.refused > 0 && !undone && (
        <Refused
          title={t("processes:migrate_refused", { count: report.refused })}
          refusals={refusalsOf(report)}
          nameOf={nameOf}
          links
        />
      )}
      {batch && report.migrated > 0 && !undone && <Hint>{t("watch:migrate_undo_text")}</Hint>}
      {undoing.error && <FormProblem>{messageOf(undoing.error, t("common:network"))}</FormProblem>}
      {progress && (
        <Meter
          label={t("watch:migrate_undoing")}
          text={`${formatNumber(progress.done)} / ${formatNumber(progress.total)}`}
          share={progress.total > 0 ? progress.done / progress.total : 0}
        />
      )}
      <FormActions>
        {batch && report.migrated > 0 && !undone && (
          <Button variant="default" loading={undoing.isPending} onClick={() => undo(batch)}>
            {t("watch:migrate_undo")}
          </Button>
        )}
        <Button onClick={onClose} data-autofocus>
          {t("common:close")}
        </Button>
      </FormActions>
    </WorkStack>
  );
}
