/** Several records into one: which stays, whose value each field has, what moves along. */
import { Button, Modal, Radio, Stack } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Merged, mergeRecords, tryMerge } from "@/api/merge";
import { messageOf } from "@/api/problem";
import { queryRecords } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Entity, Fields, Id, RecordData, Refs } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { fieldOf, type TextContext, textOf, titleOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { Hint, Lead } from "@/ui/block";
import { FormActions, FormNote } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { useFocusBack } from "@/ui/use-focus-back";
import { usePhone } from "@/ui/use-phone";
import { useMerged } from "./use-merged";

interface Props {
  entity: Entity;
  /** The first stays, unless the person says otherwise. */
  ids: Id[];
  onClose(): void;
  onMerged?(): void;
}

export default function MergeDialog({ entity, ids, onClose, onMerged }: Props) {
  useFocusBack();
  const { t } = useTranslation(["records", "common"]);
  const phone = usePhone();
  const found = useQuery({
    queryKey: ["merge", entity.key, ids],
    queryFn: ({ signal }) =>
      queryRecords(
        entity.key,
        { filter: { field: "id", op: "in", value: ids }, limit: ids.length },
        { signal },
      ),
    staleTime: 0,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("records:merge_title")}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {found.isError && <ErrorState error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Hint>{t("records:loading")}</Hint>}
      {found.data && (
        <Choices
          entity={entity}
          first={ids[0]}
          records={found.data.items}
          refs={found.data.refs}
          onClose={onClose}
          onMerged={onMerged}
        />
      )}
    </Modal>
  );
}

interface ChoicesProps {
  entity: Entity;
  first: Id | undefined;
  records: RecordData[];
  refs: Refs;
  onClose(): void;
  onMerged?(): void;
}

function Choices({ entity, first, records, refs, onClose, onMerged }: ChoicesProps) {
  const { t } = useTranslation(["records", "common", "fields"]);
  const navigate = useNavigate();
  const context = useTextContext(entity, refs);
  const merged = useMerged(entity);
  const [into, setInto] = useState(() => records.find(({ id }) => id === first)?.id ?? records[0]?.id ?? "");
  const [fields, setFields] = useState<Record<string, Id>>({});
  const [share, setShare] = useState<{ done: number; total: number }>();
  const input = {
    into,
    records: records.map(({ id }) => id).filter((id) => id !== into),
    fields,
    versions: Object.fromEntries(records.map(({ id, version }) => [id, version])),
  };
  const plan = useQuery({
    queryKey: ["merge-plan", entity.key, input],
    queryFn: ({ signal }) => tryMerge(entity.key, input, signal),
    placeholderData: keepPreviousData,
    enabled: records.length >= 2,
  });
  const run = useMutation({
    mutationFn: () => mergeRecords(entity.key, input, ({ done, total }) => setShare({ done, total })),
    onSuccess: (done) => {
      merged(done, into, titleOfId(into));
      onMerged?.();
      onClose();
      void navigate({ to: "/records/$entity/$id", params: { entity: entity.key, id: into } });
    },
  });
  const titleOfId = (id: Id) => {
    const record = records.find((one) => one.id === id);
    return record ? titleOf(entity, record.fields, t("fields:untitled")) : id;
  };
  const problem = run.error ?? plan.error;
  return (
    <form
      aria-label={t("records:merge_title")}
      onSubmit={(event) => {
        event.preventDefault();
        if (plan.data && !run.isPending) run.mutate();
      }}
    >
      <Stack gap={14}>
        <FormNote>{t("records:merge_text")}</FormNote>
        {problem && <FormProblem>{messageOf(problem, t("common:network"))}</FormProblem>}
        <Radio.Group label={t("records:merge_stays")} value={into} onChange={setInto}>
          <Stack gap={6} mt={6}>
            {records.map((record) => (
              <Radio
                key={record.id}
                value={record.id}
                label={describe(entity, record, context, t("fields:untitled"))}
              />
            ))}
          </Stack>
        </Radio.Group>
        {plan.data && (
          <PlanFields
            entity={entity}
            plan={plan.data}
            records={records}
            context={context}
            titleOfId={titleOfId}
            onChoose={(key, from) => setFields((old) => ({ ...old, [key]: from }))}
          />
        )}
        {plan.data && <Moves plan={plan.data} />}
        {share && <Hint>{t("records:merge_running", share)}</Hint>}
      </Stack>
      <FormActions>
        <Button variant="default" onClick={onClose}>
          {t("common:cancel")}
        </Button>
        <Button type="submit" loading={run.isPending} disabled={!plan.data || records.length < 2}>
          {t("records:merge_now", { count: records.length })}
        </Button>
      </FormActions>
    </form>
  );
}

/** What tells one from another: number, ways to reach, since when. */
function describe(entity: Entity, record: RecordData, context: TextContext, untitled: string): string {
  const told = ["phones", "emails", "tax_id", "created_at"].flatMap((key) => {
    const field = fieldOf(entity, key);
    const text = field ? textOf(field, record.fields[key], context, record.fields) : "";
    return text ? [text] : [];
  });
  const number = typeof record.fields.number === "number" ? `№ ${record.fields.number} ` : "";
  return [`${number}${titleOf(entity, record.fields, untitled)}`, ...told].join(" · ");
}

interface PlanProps {
  entity: Entity;
  plan: Merged;
  records: RecordData[];
  context: TextContext;
  titleOfId(id: Id): string;
  onChoose(key: string, from: Id): void;
}

function PlanFields({ entity, plan, records, context, titleOfId, onChoose }: PlanProps) {
  const { t } = useTranslation("records");
  const differing = (plan.fields ?? []).filter(({ differs }) => differs);
  if (differing.length === 0) return <Hint>{t("merge_none")}</Hint>;
  const text = (key: string, value: unknown, fields: Fields) => {
    const field = fieldOf(entity, key);
    return field ? textOf(field, value, context, fields) : "";
  };
  return (
    <Stack gap={12} role="group" aria-label={t("merge_fields")}>
      <b>{t("merge_fields")}</b>
      {differing.map(({ key, from, value }) => {
        const label = fieldOf(entity, key)?.label ?? key;
        if (!from) {
          return (
            <div key={key}>
              <Lead>{label}</Lead>
              <Hint>{t("merge_united", { values: text(key, value, {}) })}</Hint>
            </div>
          );
        }
        return (
          <Radio.Group key={key} label={label} value={from} onChange={(id) => onChoose(key, id)}>
            <Stack gap={4} mt={4}>
              {records
                .filter(({ fields }) => !isEmpty(fields[key]))
                .map(({ id, fields }) => (
                  <Radio
                    key={id}
                    value={id}
                    label={text(key, fields[key], fields)}
                    aria-label={t("choose_of", { field: label, title: titleOfId(id) })}
                  />
                ))}
            </Stack>
          </Radio.Group>
        );
      })}
    </Stack>
  );
}

function Moves({ plan }: { plan: Merged }) {
  const { t } = useTranslation("records");
  const entities = useEntities();
  const moved = Object.entries(plan.moved ?? {});
  const named = (kind: string) => {
    if (kind === "file") return t("thing_file");
    if (kind === "process") return t("thing_process");
    return entities.find(({ key }) => key === kind)?.label_plural ?? kind;
  };
  const text = moved.map(([kind, count]) => `${named(kind)}: ${count}`).join(", ");
  return <Hint>{text ? `${t("merge_moves")}: ${text}` : t("merge_moves_nothing")}</Hint>;
}
