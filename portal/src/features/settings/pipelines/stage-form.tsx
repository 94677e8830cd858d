/** One stage: what it is called and means, how long a record may stand there, what has to be so to enter it. */
import { NumberInput, SegmentedControl, Switch, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { use, useState } from "react";
import { useTranslation } from "react-i18next";
import { rolesQuery } from "@/api/people";
import type { Entity, StageSemantic } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Hint, Stacked } from "@/ui/block";
import { FormDrawer } from "@/ui/form-drawer";
import { Swatches } from "@/ui/ordered";
import { CardSection } from "@/ui/panel";
import { PickMany } from "@/ui/pick-many";
import { colors, nameOf, type StageDraft } from "./model";
import { StageParts } from "./parts";
import { SpanInput } from "./span-input";
import { WordsInput } from "./words";

interface Props {
  entity: Entity;
  stage: StageDraft;
  all: StageDraft[];
  /** What the server said about it. */
  errors?: Record<string, string>;
  isNew: boolean;
  onDone(stage: StageDraft): void;
  onClose(): void;
}

const meanings: StageSemantic[] = ["open", "won", "lost"];

export default function StageForm({ entity, stage, all, errors = {}, isNew, onDone, onClose }: Props) {
  const { t } = useTranslation(["pipelines", "common", "fields"]);
  const Happens = use(StageParts);
  const [draft, setDraft] = useState(stage);
  const [tried, setTried] = useState(false);
  const put = (part: Partial<StageDraft>) => setDraft((old) => ({ ...old, ...part }));
  const name = nameOf(draft.label, currentLocale());
  const unnamed = tried && !name ? t("pipelines:name_needed") : undefined;
  return (
    <FormDrawer
      title={isNew ? t("pipelines:add_stage") : name || t("pipelines:stage")}
      submit={t(isNew ? "common:add" : "pipelines:done")}
      values={draft}
      pending={false}
      error={undefined}
      fields={[]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (name) onDone(draft);
      }}
    >
      <WordsInput
        label={t("pipelines:name")}
        focus
        value={draft.label}
        error={unnamed ?? errors.label}
        onChange={(label) => put({ label })}
      />
      <Meaning draft={draft} errors={errors} put={put} />
      {entity.key === "lead" && draft.semantic === "won" && (
        <Switch
          label={t("pipelines:convert_only")}
          description={t("pipelines:convert_only_hint")}
          checked={draft.convertOnly}
          onChange={(event) => put({ convertOnly: event.currentTarget.checked })}
        />
      )}
      <Rules entity={entity} draft={draft} all={all} errors={errors} put={put} />
      {/* Last: it comes later than the rest, and nothing moves under the hand. */}
      {Happens && <Happens entity={entity} draft={draft} errors={errors} put={put} />}
    </FormDrawer>
  );
}

interface PartProps {
  draft: StageDraft;
  errors: Record<string, string>;
  put(part: Partial<StageDraft>): void;
}

function Meaning({ draft, errors, put }: PartProps) {
  const { t } = useTranslation("pipelines");
  const palette = colors.includes(draft.color) ? colors : [draft.color, ...colors];
  return (
    <>
      <Stacked>
        <SegmentedControl
          fullWidth
          aria-label={t("meaning")}
          value={draft.semantic}
          onChange={(semantic) => put({ semantic: semantic as StageSemantic })}
          data={meanings.map((one) => ({ value: one, label: t(`meaning_${one}`) }))}
        />
        <Hint>{errors.semantic ?? t(`meaning_${draft.semantic}_hint`)}</Hint>
      </Stacked>
      <Swatches
        label={t("color")}
        colors={palette.map((value, index) => ({ value, label: t("color_number", { number: index + 1 }) }))}
        value={draft.color}
        onChange={(color) => put({ color })}
      />
      {draft.semantic === "open" && (
        <>
          <NumberInput
            label={t("probability")}
            description={t("probability_hint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            suffix=" %"
            min={0}
            max={100}
            allowDecimal={false}
            placeholder={t("by_place")}
            value={draft.probability ?? ""}
            error={errors.probability}
            onChange={(value) => put({ probability: typeof value === "number" ? value : null })}
          />
          <SpanInput
            label={t("duration")}
            description={t("duration_hint")}
            value={draft.duration}
            error={errors.duration}
            onChange={(duration) => put({ duration })}
          />
          {draft.duration && (
            <SpanInput
              label={t("remind")}
              description={t("remind_hint")}
              value={draft.remind}
              error={errors.remind}
              onChange={(remind) => put({ remind })}
            />
          )}
        </>
      )}
    </>
  );
}

function Rules({ entity, draft, all, errors, put }: PartProps & { entity: Entity; all: StageDraft[] }) {
  const { t } = useTranslation(["pipelines", "fields"]);
  const roles = useQuery(rolesQuery).data ?? [];
  const fields = entity.fields.filter((field) => !field.system && !field.part_of && field.type !== "stage");
  const others = all.filter((one) => one.key && one.id !== draft.id);
  const nothing = t("fields:nothing_found");
  return (
    <CardSection title={t("pipelines:rules")}>
      <Hint>{t("pipelines:rules_hint")}</Hint>
      <PickMany
        label={t("pipelines:required")}
        data={fields.map(({ key, label }) => ({ value: key, label }))}
        placeholder={draft.required.length > 0 ? undefined : t("pipelines:none")}
        nothingFoundMessage={nothing}
        value={draft.required}
        error={errors.required}
        onChange={(required) => put({ required })}
      />
      <PickMany
        label={t("pipelines:from")}
        data={others.map(({ key, label }) => ({ value: key ?? "", label: nameOf(label, currentLocale()) }))}
        placeholder={draft.from.length > 0 ? undefined : t("pipelines:from_all")}
        nothingFoundMessage={nothing}
        value={draft.from}
        error={errors.from}
        onChange={(from) => put({ from })}
      />
      <PickMany
        label={t("pipelines:roles")}
        description={t("pipelines:roles_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={roles.filter((role) => !role.admin).map(({ key, name }) => ({ value: key, label: name }))}
        placeholder={draft.roles.length > 0 ? undefined : t("pipelines:roles_all")}
        nothingFoundMessage={nothing}
        value={draft.roles}
        error={errors.roles}
        onChange={(chosen) => put({ roles: chosen })}
      />
      <Textarea
        label={t("pipelines:guard")}
        description={t("pipelines:guard_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder="record.amount > 0"
        autosize
        minRows={2}
        maxRows={8}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--font-mono)", fontSize: 12 } }}
        value={draft.guard}
        error={errors.guard}
        onChange={(event) => put({ guard: event.currentTarget.value })}
      />
      {draft.guard.trim() && (
        <WordsInput
          label={t("pipelines:guard_message")}
          value={draft.guardMessage}
          error={errors.guard_message}
          onChange={(guardMessage) => put({ guardMessage })}
        />
      )}
    </CardSection>
  );
}
