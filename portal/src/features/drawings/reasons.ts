/** Why a way is taken, and what a dry run would write, in plain words. */
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { rolesQuery } from "@/api/people";
import { recordQuery } from "@/api/records";
import { useEntities } from "@/api/session";
import type { DryRun } from "@/api/types";
import type { Designer, Way } from "@/engines/designer/designer";
import { useTextContext } from "@/engines/fields/context";
import { subjectShape } from "@/engines/fields/subject";
import { fieldOf, textOf } from "@/engines/fields/text";
import { formatNumber } from "@/i18n/format";
import { kindOfExecutor } from "./executor-input";
import { type Askable, useAskable } from "./fields";
import { shortName } from "./model";
import type { Subject } from "./use-dry-run";
import { comparisonOf } from "./walk";

function useValueWords() {
  const { t } = useTranslation("drawings");
  return useCallback(
    (value: unknown, field: Askable | undefined): string => {
      if (value === null || value === undefined || value === "") return t("nothing");
      if (typeof value === "boolean") return t(value ? "yes" : "no");
      if (typeof value === "number") return formatNumber(value, 6);
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return shortName(field?.choices?.find((one) => one.value === text)?.label ?? text);
    },
    [t],
  );
}

/** A way's condition: "Amount is more than 1 000"; with `run`, what there is now stands behind it. */
export function useReasons(designer: Designer, subject: Subject) {
  const { t } = useTranslation("drawings");
  const groups = useAskable(designer);
  const words = useValueWords();
  const entity = useEntities().find(({ key }) => key === subject?.entity);
  const record = useQuery({
    ...recordQuery(subject?.entity ?? "", subject?.id ?? ""),
    enabled: subject !== null,
  }).data;
  const context = useTextContext(entity ?? subjectShape, record?.refs ?? {});
  return (way: Way, run?: Pick<DryRun, "variables">): string => {
    if (way.otherwise) return t("reason_otherwise");
    if (!way.condition) return t("reason_always");
    const read = comparisonOf(way.condition);
    if (!read) return t("reason_formula", { formula: shortName(way.condition) });
    const asked = groups.flatMap(({ items }) => items).find(({ name }) => name === read.field);
    const [root, key = ""] = read.field.split(/\.(.*)/s);
    const label = asked?.label ?? key;
    const is = t(`is_${read.comparison}`);
    const compares = read.comparison !== "filled" && read.comparison !== "empty";
    const said = compares ? `${label} ${is} ${words(read.value, asked)}` : `${label} ${is}`;
    const field = root === "record" && entity ? fieldOf(entity, key) : undefined;
    const now = field
      ? record && (textOf(field, record.fields[key], context, record.fields) || t("nothing"))
      : root === "vars" && run && key in run.variables
        ? words(run.variables[key], asked)
        : undefined;
    return now === undefined ? said : t("reason_now", { reason: said, now });
  };
}

/** Who gets a step, by name and role; nobody is said with the rule that finds nobody. */
export function useWho() {
  const { t } = useTranslation("drawings");
  const { data: roles } = useQuery(rolesQuery);
  const roleOf = (key: string) => roles?.find((one) => one.key === key)?.name ?? key;
  return (who: DryRun["steps"][number]["who"]): { text: string; nobody: boolean } => {
    const people = who.filter(({ unresolved }) => !unresolved);
    const names = people.slice(0, 3).map(({ name, role }) => {
      const place = role && roleOf(role);
      return name ? (place ? `${name} (${place})` : name) : (place ?? "");
    });
    const [nobody] = who.filter(({ unresolved }) => unresolved);
    if (names.length > 0) {
      const more = people.length - names.length;
      return {
        text: t("walk_who", { names: names.join(", ") + (more > 0 ? ` +${more}` : "") }),
        nobody: false,
      };
    }
    if (!nobody?.unresolved) return { text: t("walk_nobody"), nobody: true };
    const { kind, value } = kindOfExecutor(nobody.unresolved);
    const rule = kind === "role" ? roleOf(value) : kind === "formula" ? value : t(`who_${kind}`);
    return { text: t("walk_nobody_by", { rule }), nobody: true };
  };
}

const acts: Record<string, string> = {
  email: "action_email",
  call: "effect_call",
  meeting: "action_meeting",
  form: "action_form",
  approve: "action_approve",
  acknowledge: "action_acknowledge",
  "set-fields": "action_set_fields",
  "update-record": "action_set_fields",
  "create-record": "action_create_record",
  "delete-record": "service_delete_record",
  "convert-lead": "service_convert_lead",
  link: "service_link",
  unlink: "service_unlink",
  notice: "service_notice",
  "start-process": "service_start_process",
  webhook: "service_webhook",
  message: "effect_message",
  signal: "effect_signal",
  document: "action_document",
  quote: "action_quote",
  invoice: "action_invoice",
};

/** "Letter to ivanov@…: Our quote". */
export function useEffectWords() {
  const { t } = useTranslation("drawings");
  const words = useValueWords();
  return ({ kind, parameters }: DryRun["steps"][number]["effects"][number], task: boolean): string => {
    const known = kind === "call" && task ? "action_call" : acts[kind];
    const name = known ? t(known as "action_email") : kind;
    const shown = Object.entries(parameters)
      .filter(([, value]) => value !== "" && value !== null)
      .slice(0, 4)
      .map(([key, value]) => {
        const label = ["to", "cc", "subject", "text", "url"].includes(key) ? t(`param_${key as "to"}`) : key;
        return `${label}: ${words(value, undefined)}`;
      });
    return [name, ...shown].join(" · ");
  };
}

/** Why it would stop: in our words where the server speaks of a variable that no step has brought yet, else in its own. */
export function useStopWords(): (message: string) => string {
  const { t } = useTranslation("drawings");
  return (message) => {
    const name = /there is no `([^`]+)`/.exec(message)?.[1];
    return name ? t("walk_unknown", { name }) : message;
  };
}
