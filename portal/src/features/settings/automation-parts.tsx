/** What a trigger by hand or by the clock asks for in the form of a rule. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery } from "@/api/people";
import type { Entity, Filter } from "@/api/types";
import { FilterBar } from "@/engines/filters/filter-bar";
import { Hint } from "@/ui/block";
import { PickMany } from "@/ui/pick-many";
import type { RuleDraft } from "./automation-model";
import { WordsInput } from "./pipelines/words";

export interface PartProps {
  draft: RuleDraft;
  wrong(name: string): string | undefined;
  put(part: Partial<RuleDraft>): void;
}

export function ButtonParts({ draft, wrong, put }: PartProps) {
  const { t } = useTranslation("automation");
  const roles = useQuery(rolesQuery).data ?? [];
  return (
    <>
      <WordsInput
        label={t("button_label")}
        value={draft.label}
        error={wrong("on.label")}
        onChange={(label) => put({ label })}
      />
      <PickMany
        label={t("button_roles")}
        description={t("button_roles_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={roles.map(({ key, name }) => ({ value: key, label: name }))}
        value={draft.roles}
        error={wrong("on.roles")}
        onChange={(chosen) => put({ roles: chosen })}
      />
    </>
  );
}

export function ScheduleParts({ entity, draft, wrong, put }: PartProps & { entity: Entity }) {
  const { t } = useTranslation("automation");
  return (
    <>
      <TextInput
        label={t("cron")}
        description={t("cron_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={draft.cron}
        error={wrong("on.cron")}
        onChange={(event) => put({ cron: event.currentTarget.value })}
      />
      <div>
        <Hint>{wrong("on.filter") ?? t("schedule_which")}</Hint>
        <FilterBar
          entity={entity}
          filter={draft.filter}
          onChange={(filter: Filter | undefined) => put({ filter })}
        />
      </div>
      <TextInput
        label={t("most")}
        description={t("most_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        inputMode="numeric"
        value={draft.most}
        error={wrong("on.most")}
        onChange={(event) => put({ most: event.currentTarget.value.trim() })}
      />
    </>
  );
}
