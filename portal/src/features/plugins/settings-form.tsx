/** Inputs generated from what a plugin asks for. Holds nothing: values come in and go out. */
import { Select, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, usersQuery } from "@/api/people";
import { useEntity } from "@/api/session";
import type { PluginSetting, Value } from "@/api/types";
import { NumberEditor } from "@/engines/fields/number-editor";
import { Stacked } from "@/ui/block";
import { PasswordInput } from "@/ui/password";
import { entityOptions, type Flaw, roleOptions, type Values } from "./settings-model";

interface Props {
  schema: PluginSetting[];
  values: Values;
  flaws: Record<string, Flaw>;
  /** The server's words about one setting; they come before ours. */
  refusalOf(key: string): string | undefined;
  onChange(values: Values): void;
}

export function SettingsFields({ schema, values, flaws, refusalOf, onChange }: Props) {
  const { t } = useTranslation("plugins");
  const wordsOf = (setting: PluginSetting): string | undefined => {
    const refusal = refusalOf(setting.key);
    const flaw = flaws[setting.key];
    if (refusal || !flaw) return refusal;
    if (flaw !== "range") return t(`flaw_${flaw}`);
    if (setting.min === undefined) return t("flaw_most", { max: setting.max });
    if (setting.max === undefined) return t("flaw_least", { min: setting.min });
    return t("flaw_between", { min: setting.min, max: setting.max });
  };
  return (
    <Stacked>
      {schema.map((setting) => (
        <Input
          key={setting.key}
          setting={setting}
          value={values[setting.key]}
          error={wordsOf(setting)}
          onChange={(value) => onChange({ ...values, [setting.key]: value })}
        />
      ))}
    </Stacked>
  );
}

interface InputProps {
  setting: PluginSetting;
  value: Value;
  error?: string;
  onChange(value: Value): void;
}

function Input({ setting, value, error, onChange }: InputProps) {
  const { t } = useTranslation("plugins");
  const common = {
    name: setting.key,
    label: setting.label,
    description: setting.help,
    required: setting.required,
    error,
    inputWrapperOrder: ["label", "input", "description", "error"] as (
      | "label"
      | "input"
      | "description"
      | "error"
    )[],
  };
  const text = typeof value === "string" ? value : "";
  switch (setting.type) {
    case "boolean":
      return (
        <Switch
          name={setting.key}
          label={setting.label}
          description={setting.help}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "integer":
      return (
        <NumberEditor
          name={setting.label}
          shown
          hint={setting.help}
          required={setting.required}
          error={error}
          value={value}
          decimals={0}
          placeholder={typeof setting.default === "number" ? String(setting.default) : undefined}
          onChange={onChange}
        />
      );
    case "choice":
      return (
        <Select
          {...common}
          data={setting.choices ?? []}
          searchable={(setting.choices?.length ?? 0) > 7}
          allowDeselect={false}
          value={text || null}
          onChange={onChange}
        />
      );
    case "role":
      return <RoleInput common={common} value={value} onChange={onChange} />;
    case "user":
      return <UserInput common={common} value={text} onChange={onChange} />;
    case "stage":
    case "field":
      return <OfEntityInput common={common} setting={setting} value={value} onChange={onChange} />;
    case "secret":
      return (
        <PasswordInput
          {...common}
          autoComplete="off"
          placeholder={t("secret_kept")}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return <TextInput {...common} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}

interface PickerProps {
  common: object;
  value: Value;
  onChange(value: Value): void;
}

function RoleInput({ common, value, onChange }: PickerProps) {
  const { t } = useTranslation(["plugins", "common", "fields"]);
  const roles = useQuery(rolesQuery).data ?? [];
  return (
    <Select
      {...common}
      data={roleOptions(roles, value)}
      clearable
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      placeholder={t("common:not_set")}
      value={typeof value === "string" && value ? value : null}
      onChange={onChange}
    />
  );
}

function UserInput({ common, value, onChange }: PickerProps) {
  const { t } = useTranslation(["plugins", "common", "fields"]);
  const users = useQuery(usersQuery).data ?? [];
  return (
    <Select
      {...common}
      data={users
        .filter((user) => user.active || user.id === value)
        .map((user) => ({ value: user.id, label: user.name }))}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      nothingFoundMessage={t("fields:nothing_found")}
      placeholder={t("common:not_set")}
      value={typeof value === "string" && value ? value : null}
      onChange={onChange}
    />
  );
}

function OfEntityInput({ common, setting, value, onChange }: PickerProps & { setting: PluginSetting }) {
  const { t } = useTranslation(["plugins", "common", "fields"]);
  const options = entityOptions(useEntity(setting.entity ?? ""), setting, value);
  return (
    <Select
      {...common}
      data={options}
      searchable={options.length > 7}
      clearable
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      nothingFoundMessage={t("fields:nothing_found")}
      placeholder={t("common:not_set")}
      value={typeof value === "string" && value ? value : null}
      onChange={onChange}
    />
  );
}
