/** The dry run beside the drawing: about which record, then step by step who gets it, until when, which way and why. */
import { ActionIcon, Button, Select } from "@mantine/core";
import { IconTestPipe, IconX } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Id, Refs } from "@/api/types";
import type { Designer } from "@/engines/designer/designer";
import { LinkEditor } from "@/engines/fields/link-editor";
import { baseField, subjectShape } from "@/engines/fields/subject";
import { formatDateTime } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { Panel } from "@/ui/designer-panel";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { useFocusBack } from "@/ui/use-focus-back";
import { SideHead, SideStack } from "@/ui/walk";
import { Hint } from "@/ui/work";
import type { Autosave } from "./autosave";
import { useStopWords } from "./reasons";
import { useSubject } from "./subject";
import { type Subject, useDryRun, type Walkthrough } from "./use-dry-run";
import { WalkSteps } from "./walk-steps";

interface Props {
  id: Id;
  designer: Designer;
  autosave: RefObject<Autosave | undefined>;
  nameOf(element: string): string;
  onRefused(fields: Record<string, { code: string; message: string }>): void;
  onClose(): void;
}

export default function DryRunPanel({ id, designer, autosave, nameOf, onRefused, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["drawings", "processes", "common"]);
  const entities = useEntities().filter(
    ({ actions, key }) => actions.read && key !== "task" && key !== "activity",
  );
  const [entity, setEntity] = useSubject();
  const [picked, setPicked] = useState<{ id: Id; refs: Refs }>();
  const { shown, choices, run, choose, pending, error, stale } = useDryRun({
    id,
    designer,
    autosave,
    onRefused,
  });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const subject: Subject = picked ? { entity, id: picked.id } : null;
  const fields = error instanceof ApiError ? Object.keys(error.problem.fields ?? {}).length : 0;
  const label = entities.find(({ key }) => key === entity)?.label ?? t("processes:about_record");
  return (
    <Panel label={t("processes:dry_run")}>
      <SideHead title={t("processes:dry_run")}>
        <ActionIcon aria-label={t("common:close")} onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </SideHead>
      <SideStack>
        <Hint>{t("processes:dry_text")}</Hint>
        <Select
          label={t("drawings:field_entity")}
          allowDeselect={false}
          data={entities.map((one) => ({ value: one.key, label: one.label }))}
          ref={first}
          value={entity}
          onChange={(next) => {
            if (!next || next === entity) return;
            setEntity(next);
            setPicked(undefined);
          }}
        />
        <LinkEditor
          key={entity}
          entity={subjectShape}
          field={{ ...baseField, key: "subject", type: "link", label, entities: [entity] }}
          label={label}
          value={picked?.id ?? null}
          refs={picked?.refs ?? {}}
          onChange={(value, refs) =>
            setPicked(typeof value === "string" ? { id: value, refs: refs ?? {} } : undefined)
          }
        />
        <div>
          <Button loading={pending} onClick={() => run(subject)}>
            <IconText icon={<IconTestPipe size={16} aria-hidden />}>
              {t(shown ? "drawings:walk_again" : "processes:dry_do")}
            </IconText>
          </Button>
        </div>
        {error && (
          <FormProblem>
            {fields > 0
              ? t("drawings:walk_refused", { count: fields })
              : messageOf(error, t("common:network"))}
          </FormProblem>
        )}
        {shown && stale && <Hint>{t("drawings:walk_stale")}</Hint>}
      </SideStack>
      {shown && !error && (
        <>
          <Outcome shown={shown} nameOf={nameOf} />
          <WalkSteps
            designer={designer}
            shown={shown}
            choices={choices}
            busy={pending}
            nameOf={nameOf}
            onChoose={choose}
          />
        </>
      )}
    </Panel>
  );
}

/** How it would end, in one sentence. */
function Outcome({ shown, nameOf }: { shown: Walkthrough; nameOf(element: string): string }) {
  const { t } = useTranslation(["drawings", "processes"]);
  const why = useStopWords();
  const { run, failed, steps } = shown;
  const [first] = failed;
  if (first) {
    return (
      <Notice tone="danger" title={t("drawings:walk_failed", { name: nameOf(first.element) })}>
        {why(first.message)}
      </Notice>
    );
  }
  const [open] = run.open;
  if (open) {
    return (
      <Notice tone="warn" title={t("drawings:walk_open", { name: nameOf(open.element) })}>
        {t("drawings:walk_open_text")}
      </Notice>
    );
  }
  if (run.cut) return <Notice tone="warn">{t("drawings:walk_cut", { count: steps.length })}</Notice>;
  const due = steps.findLast((step) => step.due)?.due;
  return (
    <Notice tone={run.state === "completed" ? "ok" : "warn"}>
      {t(`processes:dry_${run.state as "active"}`)}{" "}
      {due && t("drawings:walk_latest", { when: formatDateTime(due) })}
    </Notice>
  );
}
