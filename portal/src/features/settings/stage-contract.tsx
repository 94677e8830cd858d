/** The task of a stage: made when a record enters, done before it leaves. */
import { Button, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Entity } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Buttons, Hint } from "@/ui/block";
import { CardSection } from "@/ui/panel";
import { PickMany } from "@/ui/pick-many";
import { PeopleInput } from "./automation-people";
import { type ContractDraft, freshContract, type LateDraft } from "./pipelines/model";
import type { StagePartProps } from "./pipelines/parts";
import { SpanInput } from "./pipelines/span-input";
import { WordsInput } from "./pipelines/words";

/** What a task may be for; those of modules stay as they are. */
const actions = [
  "form",
  "approve",
  "acknowledge",
  "set-fields",
  "create-record",
  "email",
  "call",
  "meeting",
  "quote",
  "invoice",
] as const;

export function ContractPart({ entity, draft, errors, put }: StagePartProps) {
  const { t } = useTranslation("pipelines");
  const { contract } = draft;
  return (
    <CardSection title={t("task")}>
      <Hint>{t("task_hint")}</Hint>
      <Switch
        label={t("task_on")}
        checked={contract !== null}
        onChange={(event) =>
          put({ contract: event.currentTarget.checked ? freshContract(currentLocale()) : null })
        }
      />
      {contract && (
        <Parts
          entity={entity}
          contract={contract}
          errors={errors}
          put={(part) => put({ contract: { ...contract, ...part } })}
        />
      )}
    </CardSection>
  );
}

interface PartsProps {
  entity: Entity;
  contract: ContractDraft;
  errors: Record<string, string>;
  put(part: Partial<ContractDraft>): void;
}

function Parts({ entity, contract, errors, put }: PartsProps) {
  const { t } = useTranslation(["pipelines", "fields"]);
  const wrong = (part: string) => errors[`contract.${part}`];
  const fields = entity.fields.filter((field) => !field.system && !field.part_of && field.type !== "stage");
  const known = actions.map((one) => ({
    value: one as string,
    label: t(`pipelines:main_${one.replace("-", "_") as "form"}`),
  }));
  const own = contract.mainAction;
  const strange = own && !known.some(({ value }) => value === own) ? [{ value: own, label: own }] : [];
  return (
    <>
      <WordsInput
        label={t("pipelines:task_title")}
        value={contract.title}
        error={wrong("title")}
        onChange={(title) => put({ title })}
      />
      <Textarea
        label={t("pipelines:task_text")}
        autosize
        minRows={2}
        maxRows={8}
        value={contract.description}
        error={wrong("description")}
        onChange={(event) => put({ description: event.currentTarget.value })}
      />
      <PeopleInput
        label={t("pipelines:task_who")}
        value={contract.executors}
        error={wrong("executors")}
        onChange={(executors) => put({ executors })}
      />
      <SpanInput
        label={t("pipelines:task_duration")}
        description={t("pipelines:task_duration_hint")}
        value={contract.duration}
        error={wrong("duration")}
        onChange={(duration) => put({ duration })}
      />
      {contract.duration && (
        <>
          <SpanInput
            label={t("pipelines:remind")}
            description={t("pipelines:task_remind_hint")}
            value={contract.remind}
            error={wrong("remind")}
            onChange={(remind) => put({ remind })}
          />
          <Late late={contract.late} error={wrong("escalate")} onChange={(late) => put({ late })} />
        </>
      )}
      <Select
        label={t("pipelines:main_action")}
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        placeholder={t("pipelines:none")}
        data={[...known, ...strange]}
        value={own || null}
        error={wrong("main_action")}
        onChange={(mainAction) => put({ mainAction: mainAction ?? "", parameters: {} })}
      />
      {own === "email" && (
        <Letter parameters={contract.parameters} onChange={(parameters) => put({ parameters })} />
      )}
      {own && (
        <Switch
          label={t("pipelines:main_required")}
          checked={contract.required}
          onChange={(event) => put({ required: event.currentTarget.checked })}
        />
      )}
      <PickMany
        label={t("pipelines:task_form")}
        data={fields.map(({ key, label }) => ({ value: key, label }))}
        placeholder={contract.form.length > 0 ? undefined : t("pipelines:none")}
        nothingFoundMessage={t("fields:nothing_found")}
        value={contract.form}
        error={wrong("form")}
        onChange={(form) => put({ form })}
      />
    </>
  );
}

/** What a letter says before its writer changes it. */
function Letter({
  parameters,
  onChange,
}: {
  parameters: ContractDraft["parameters"];
  onChange(parameters: ContractDraft["parameters"]): void;
}) {
  const { t } = useTranslation("pipelines");
  const text = (name: string) => (typeof parameters[name] === "string" ? parameters[name] : "");
  const put = (name: string, value: string) => {
    const { [name]: _, ...others } = parameters;
    onChange(value === "" ? others : { ...others, [name]: value });
  };
  return (
    <>
      <TextInput
        label={t("letter_subject")}
        value={text("subject")}
        onChange={(event) => put("subject", event.currentTarget.value)}
      />
      <Textarea
        label={t("letter_text")}
        autosize
        minRows={2}
        maxRows={12}
        value={text("text")}
        onChange={(event) => put("text", event.currentTarget.value)}
      />
    </>
  );
}

const freshLate: LateDraft = { to: "head", after: "", every: "", reassign: false };

/** Whom to tell when the task is late. */
function Late({
  late,
  error,
  onChange,
}: {
  late: LateDraft[];
  error?: string;
  onChange(late: LateDraft[]): void;
}) {
  const { t } = useTranslation("pipelines");
  const change = (index: number, part: Partial<LateDraft>) =>
    onChange(late.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <>
      {late.map((one, index) => (
        <fieldset
          key={index}
          aria-label={t("late_number", { number: String(index + 1) })}
          style={{ display: "contents" }}
        >
          <PeopleInput
            label={t("late_to")}
            value={one.to}
            error={error}
            onChange={(to) => change(index, { to })}
          />
          <SpanInput
            label={t("late_after")}
            description={t("late_after_hint")}
            value={one.after}
            onChange={(after) => change(index, { after })}
          />
          <SpanInput
            label={t("late_every")}
            description={t("late_every_hint")}
            value={one.every}
            onChange={(every) => change(index, { every })}
          />
          <Switch
            label={t("late_reassign")}
            checked={one.reassign}
            onChange={(event) => change(index, { reassign: event.currentTarget.checked })}
          />
          <Buttons>
            <Button
              variant="default"
              size="compact-sm"
              onClick={() => onChange(late.filter((_, at) => at !== index))}
            >
              {t("late_remove")}
            </Button>
          </Buttons>
        </fieldset>
      ))}
      <Buttons>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...late, freshLate])}
        >
          {t("late_add")}
        </Button>
      </Buttons>
    </>
  );
}
