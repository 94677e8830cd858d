/** A rule of automation: what sets it off, for which records, what it does, and what it would have done. */
import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { Pair } from "@/ui/block";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { PickMany } from "@/ui/pick-many";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { ActionForm } from "./automation-action";
import {
  changeAutomation,
  createAutomation,
  type PlacedAutomation,
  removeAutomation,
} from "./automation-api";
import { Apply } from "./automation-apply";
import { AsDrawing } from "./automation-drawing";
import { DryRun } from "./automation-dry-run";
import { WebhookParts } from "./automation-hook";
import {
  applicable,
  type EventKind,
  events,
  freshAction,
  type RuleDraft,
  ruleDraft,
  ruleOf,
  staged,
  swapped,
} from "./automation-model";
import { ButtonParts, type PartProps, ScheduleParts } from "./automation-parts";
import { stagesOf } from "./automation-words";
import { ExpressionField } from "./expression-field";
import { SpanInput } from "./pipelines/span-input";

interface Props {
  entity: Entity;
  placed?: PlacedAutomation;
  onClose(): void;
}

export default function AutomationForm({ entity, placed, onClose }: Props) {
  const { t } = useTranslation(["automation", "common"]);
  const entities = useEntities();
  const [draft, setDraft] = useState<RuleDraft>(() => ruleDraft(placed?.rule));
  const put = (part: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const fieldsOf = (key: string) => entities.find((one) => one.key === key)?.fields ?? [];
  const rule = () => ruleOf(draft, entity.key, fieldsOf);
  const save = useMutation({
    mutationFn: () => (placed ? changeAutomation(placed.id, rule()) : createAutomation(entity.key, rule())),
    onSuccess: () => {
      toast({ message: t("automation:saved", { name: draft.name }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const wrong = (name: string) => fieldRefusal(save.error, name);
  const told = save.error instanceof ApiError ? Object.keys(save.error.problem.fields ?? {}) : [];
  return (
    <FormDrawer
      title={placed ? t("automation:edit", { name: placed.rule.name }) : t("automation:add")}
      submit={t(placed ? "common:save" : "common:add")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={told}
      extra={placed && <Remove entity={entity} placed={placed} onGone={onClose} />}
      onClose={onClose}
      onSubmit={() => send()}
    >
      <TextInput
        label={t("automation:name")}
        data-autofocus
        maxLength={100}
        value={draft.name}
        error={wrong("name")}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <Trigger entity={entity} draft={draft} placed={placed} wrong={wrong} put={put} />
      <ExpressionField
        entity={entity}
        label={t("automation:when")}
        hint={t("automation:when_hint")}
        value={draft.when}
        error={wrong("when")}
        onChange={(when) => put({ when })}
      />
      <Actions entity={entity} draft={draft} wrong={wrong} put={put} />
      <Manner draft={draft} wrong={wrong} put={put} />
      <DryRun entity={entity} rule={rule} webhook={draft.event === "webhook"} />
      {placed && <AsDrawing rule={placed.id} />}
      {placed?.rule.enabled && applicable.includes(placed.rule.on.event) && <Apply rule={placed.id} />}
    </FormDrawer>
  );
}

function Trigger({
  entity,
  draft,
  placed,
  wrong,
  put,
}: PartProps & { entity: Entity; placed?: PlacedAutomation }) {
  const { t } = useTranslation("automation");
  const offered = events.filter((event) => entity.staged || !staged.includes(event));
  return (
    <>
      <Select
        label={t("event")}
        allowDeselect={false}
        data={offered.map((event) => ({ value: event, label: t(`event_${event}`) }))}
        value={draft.event}
        onChange={(event) => event && put({ event: event as EventKind })}
      />
      {draft.event === "updated" && (
        <PickMany
          label={t("fields")}
          placeholder={draft.fields.length > 0 ? undefined : t("fields_any")}
          data={entity.fields.map(({ key, label }) => ({ value: key, label }))}
          value={draft.fields}
          error={wrong("on.fields")}
          onChange={(fields) => put({ fields })}
        />
      )}
      {staged.includes(draft.event) && (
        <Select
          label={t("stage")}
          searchable
          data={stagesOf(entity)}
          value={draft.stage || null}
          error={wrong("on.stage")}
          onChange={(stage) => put({ stage: stage ?? "" })}
        />
      )}
      {draft.event === "date" && <DateParts entity={entity} draft={draft} wrong={wrong} put={put} />}
      {draft.event === "button" && <ButtonParts draft={draft} wrong={wrong} put={put} />}
      {draft.event === "schedule" && <ScheduleParts entity={entity} draft={draft} wrong={wrong} put={put} />}
      {draft.event === "webhook" && (
        <WebhookParts entity={entity} draft={draft} placed={placed} wrong={wrong} put={put} />
      )}
      {draft.event === "stuck" && (
        <SpanInput
          label={t("after")}
          description={t("after_hint")}
          value={draft.after}
          error={wrong("on.after")}
          onChange={(after) => put({ after })}
        />
      )}
    </>
  );
}

function DateParts({ entity, draft, wrong, put }: PartProps & { entity: Entity }) {
  const { t } = useTranslation("automation");
  const dates = entity.fields.filter(({ type }) => type === "date" || type === "datetime");
  const ofDay = dates.find(({ key }) => key === draft.field)?.type !== "datetime";
  return (
    <>
      <Select
        label={t("date_field")}
        searchable
        data={dates.map(({ key, label }) => ({ value: key, label }))}
        value={draft.field || null}
        error={wrong("on.field")}
        onChange={(field) => put({ field: field ?? "" })}
      />
      <Pair>
        <TextInput
          label={t("date_days")}
          inputMode="numeric"
          value={draft.days}
          error={wrong("on.offset")}
          onChange={(event) => put({ days: event.currentTarget.value.trim() })}
        />
        <Select
          label={t("date_side")}
          allowDeselect={false}
          data={(["before", "after"] as const).map((one) => ({ value: one, label: t(`date_${one}`) }))}
          value={draft.before ? "before" : "after"}
          onChange={(side) => put({ before: side === "before" })}
        />
      </Pair>
      {ofDay && (
        <TextInput
          label={t("date_at")}
          placeholder="09:00"
          value={draft.at}
          error={wrong("on.at")}
          onChange={(event) => put({ at: event.currentTarget.value })}
        />
      )}
    </>
  );
}

function Actions({ entity, draft, wrong, put }: PartProps & { entity: Entity }) {
  const { t } = useTranslation("automation");
  const { actions } = draft;
  return (
    <>
      {actions.map((action, index) => (
        <ActionForm
          key={action.id}
          entity={entity}
          action={action}
          index={index}
          count={actions.length}
          wrong={(part) => wrong(`do.${index}.${part}`)}
          put={(next) => put({ actions: actions.map((one, at) => (at === index ? next : one)) })}
          onMove={(by) => put({ actions: swapped(actions, index, by) })}
          onRemove={() => put({ actions: actions.filter((_, at) => at !== index) })}
        />
      ))}
      {wrong("do") && <FormNote urgent>{wrong("do")}</FormNote>}
      <div>
        <Button variant="default" onClick={() => put({ actions: [...actions, freshAction("notice")] })}>
          <IconText icon={<IconPlus size={16} />}>{t("action_add")}</IconText>
        </Button>
      </div>
    </>
  );
}

function Manner({ draft, wrong, put }: PartProps) {
  const { t } = useTranslation("automation");
  return (
    <>
      {draft.event !== "stuck" && (
        <>
          <SpanInput
            label={t("delay")}
            description={t("delay_hint")}
            value={draft.delay}
            error={wrong("delay")}
            onChange={(delay) => put({ delay })}
          />
          <Checkbox
            label={t("once")}
            checked={draft.once}
            onChange={(event) => put({ once: event.currentTarget.checked })}
          />
        </>
      )}
      {draft.event !== "webhook" && (
        <Select
          label={t("acts")}
          allowDeselect={false}
          data={(["rule", "actor"] as const).map((one) => ({ value: one, label: t(`acts_${one}`) }))}
          value={draft.acts}
          onChange={(acts) => acts && put({ acts: acts as RuleDraft["acts"] })}
        />
      )}
      <Checkbox
        label={t("enabled")}
        checked={draft.enabled}
        onChange={(event) => put({ enabled: event.currentTarget.checked })}
      />
    </>
  );
}

function Remove({ entity, placed, onGone }: { entity: Entity; placed: PlacedAutomation; onGone(): void }) {
  const { t } = useTranslation(["automation", "common"]);
  const { id, rule, place } = placed;
  const remove = useMutation({
    mutationFn: () => removeAutomation(id),
    onSuccess: () => {
      const back = () => void createAutomation(entity.key, rule, place).catch(toastError);
      toast({
        message: t("automation:removed", { name: rule.name }),
        action: { label: t("common:undo"), run: back },
      });
      onGone();
    },
    onError: (error) => toastError(error),
  });
  return (
    <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
      {t("automation:remove")}
    </Button>
  );
}
