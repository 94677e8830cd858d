/** Beginning a process, or only asking what it would do: about which record, of which definition. */
import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { definitionsQuery, drawingQuery, dryRun, startInstance } from "@/api/processes";
import { useEntities } from "@/api/session";
import type { Definition, DryRun, Field, Fields, Id, RecordData } from "@/api/types";
import { baseField, subjectField, subjectOf, subjectShape } from "@/engines/fields/subject";
import { FormBody } from "@/engines/form/form";
import type { FormSource } from "@/engines/source";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { Hint } from "@/ui/work";
import { speaksOfRecord } from "./model";

/** As the server refuses: the words stand at the field. */
const refusal = (field: string, message: string) =>
  new ApiError({
    status: 422,
    code: "process.invalid",
    detail: message,
    fields: { [field]: { code: "required", message } },
  });

const made = (id: Id): RecordData => ({ id, version: 1, entity: "process", fields: {} });

/** `definition` or `subject` is given by the place it opens from; the other is asked. */
export function StartDialog({
  definition,
  subject,
  onClose,
}: {
  definition?: string;
  subject?: { entity: string; id: Id };
  onClose(): void;
}) {
  const { t } = useTranslation(["processes", "common"]);
  const navigate = useNavigate();
  const entities = useEntities();
  const { data } = useQuery(definitionsQuery);
  const offered = useMemo(
    () => (data ?? []).filter(({ may, published }) => published && may.includes("start")),
    [data],
  );
  const only = offered.length === 1 ? offered[0]?.key : undefined;
  const version = offered.find(({ key }) => key === definition)?.published ?? 0;
  const xml = useQuery({
    ...drawingQuery(definition ?? "", version),
    enabled: Boolean(definition) && version > 0 && !subject,
  });
  const needed = !subject && speaksOfRecord(xml.data);
  const source = useMemo<FormSource>(() => {
    const fields: Field[] = [];
    if (!definition) {
      fields.push({
        ...baseField,
        key: "definition",
        type: "choice",
        label: t("processes:which"),
        required: true,
        choices: offered.map(({ key, name }) => ({ value: key, label: name })),
      } as Field);
    }
    if (!subject) {
      fields.push({ ...subjectField(entities, t("processes:about_record")), required: needed });
    }
    return {
      key: `process.${definition ?? ""}.${subject?.id ?? ""}`,
      shape: subjectShape,
      fields,
      // The only one there is needs no choosing.
      preset: definition || !only ? {} : { definition: only },
      refs: {},
      submit: async (values, key, refs) => {
        const about = subject ?? subjectOf(values.subject, refs);
        if (needed && !about) throw refusal("subject", t("processes:record_needed"));
        const instance = await startInstance(
          {
            definition: definition ?? String(values.definition ?? ""),
            subject: about,
          } as Parameters<typeof startInstance>[0],
          key,
        );
        return made(instance.id);
      },
    };
  }, [definition, subject, offered, only, entities, needed, t]);
  return (
    <Panel title={t("processes:start_title")} onClose={onClose}>
      <FormBody
        source={source}
        label={t("processes:start_title")}
        action={t("processes:start")}
        onDone={({ id }) => {
          onClose();
          toast({
            message: t("processes:started"),
            kind: "done",
            action: {
              label: t("processes:open"),
              run: () => void navigate({ to: "/instances/$id", params: { id } }),
            },
          });
        }}
      />
      {!definition && data && offered.length === 0 && <Hint>{t("processes:none_to_start")}</Hint>}
    </Panel>
  );
}

export function DryRunDialog({
  definition,
  onRun,
  onClose,
}: {
  definition: Definition;
  onRun(run: DryRun): void;
  onClose(): void;
}) {
  const { t } = useTranslation(["processes", "common"]);
  const entities = useEntities();
  const { source, result } = useMemo(() => {
    const result: { run?: DryRun } = {};
    const source: FormSource = {
      key: `dry.${definition.key}`,
      shape: subjectShape,
      fields: [subjectField(entities, t("processes:about_record"))],
      preset: {},
      refs: {},
      submit: async (values: Fields, _, refs) => {
        result.run = await dryRun(definition.key, {
          version: definition.version,
          subject: subjectOf(values.subject, refs),
        } as Parameters<typeof dryRun>[1]);
        return made("dry");
      },
    };
    return { source, result };
  }, [definition, entities, t]);
  return (
    <Panel title={t("processes:dry_run")} onClose={onClose}>
      <Hint>{t("processes:dry_text")}</Hint>
      <FormBody
        source={source}
        label={t("processes:dry_run")}
        action={t("processes:dry_do")}
        onDone={() => result.run && onRun(result.run)}
      />
    </Panel>
  );
}

function Panel({ title, onClose, children }: { title: string; onClose(): void; children: React.ReactNode }) {
  useFocusBack();
  const { t } = useTranslation("common");
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={480}
      title={title}
      closeButtonProps={{ "aria-label": t("close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      {children}
    </Drawer>
  );
}
