/**
 * The form a plugin asks for: what it starts with, what is wrong with it, what is sent. Pure.
 * A blank value is not sent, so the plugin's default applies; a blank secret leaves the kept one as it is.
 */
import type { Entity, PluginSetting, Role, Value } from "@/api/types";

export type Values = Record<string, Value>;
export type Flaw = "required" | "whole" | "range";

const isBlank = (value: Value) =>
  value === null || value === undefined || (typeof value === "string" && value.trim() === "");

export function startValues(schema: PluginSetting[], settings: Values): Values {
  const values: Values = {};
  for (const setting of schema) {
    const value = settings[setting.key] ?? setting.default;
    values[setting.key] = setting.type === "boolean" ? value === true : (value ?? null);
  }
  return values;
}

export function payloadOf(schema: PluginSetting[], values: Values): Values {
  const payload: Values = {};
  for (const { key, type } of schema) {
    const value = values[key];
    if (type === "boolean") payload[key] = value === true;
    else if (!isBlank(value)) payload[key] = value;
  }
  return payload;
}

/** `kept`: whether the server may hold a secret already, which it never sends out. */
export function flawsOf(schema: PluginSetting[], values: Values, kept: boolean): Record<string, Flaw> {
  const flaws: Record<string, Flaw> = {};
  for (const setting of schema) {
    const value = values[setting.key];
    if (setting.type === "boolean") continue;
    if (isBlank(value)) {
      const held = setting.type === "secret" && kept;
      if (setting.required && isBlank(setting.default) && !held) flaws[setting.key] = "required";
    } else if (setting.type === "integer") {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) flaws[setting.key] = "whole";
      else if (number < (setting.min ?? -Infinity) || number > (setting.max ?? Infinity))
        flaws[setting.key] = "range";
    }
  }
  return flaws;
}

export function isChanged(schema: PluginSetting[], values: Values, settings: Values): boolean {
  const before = payloadOf(schema, startValues(schema, settings));
  return JSON.stringify(payloadOf(schema, values)) !== JSON.stringify(before);
}

/** A role is written by its key; one that was written by its id stays chosen. */
export function roleOptions(roles: Role[], value: Value): { value: string; label: string }[] {
  const options = roles.map(({ key, name }) => ({ value: key, label: name }));
  if (typeof value !== "string" || value === "" || roles.some(({ key }) => key === value)) return options;
  const named = roles.find(({ id }) => id === value);
  return [...options, { value, label: named?.name ?? value }];
}

/** Stages or fields of the entity that a setting is about; what is chosen and is not there any more stays chosen. */
export function entityOptions(
  entity: Entity | undefined,
  setting: PluginSetting,
  value: Value,
): { value: string; label: string }[] {
  const stages = entity?.pipelines.flatMap((pipeline) => pipeline.stages) ?? [];
  const found =
    setting.type === "stage"
      ? stages.map(({ key, name }) => ({ value: key, label: name }))
      : (entity?.fields.map(({ key, label }) => ({ value: key, label })) ?? []);
  const once = [...new Map(found.map((option) => [option.value, option])).values()];
  if (typeof value !== "string" || value === "" || once.some((option) => option.value === value)) return once;
  return [...once, { value, label: value }];
}
