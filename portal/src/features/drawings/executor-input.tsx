/** One who does a step or is told of it: a role (made on the spot), somebody by their place, a person, a formula. */
import { ActionIcon, Button, Select } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createRole, rolesQuery, usersQuery } from "@/api/people";
import { Grow, Line } from "@/ui/designer-panel";
import { toast, toastError } from "@/ui/toast";
import { CommitText } from "./inputs";

const kinds = ["role", "owner", "head", "deputy", "user", "formula"] as const;
type Kind = (typeof kinds)[number];

export function kindOfExecutor(text: string): { kind: Kind; value: string } {
  if (text.startsWith("=")) return { kind: "formula", value: text.slice(1).trim() };
  for (const kind of ["role", "user"] as const) {
    if (text.startsWith(`${kind}:`)) return { kind, value: text.slice(kind.length + 1).trim() };
  }
  const plain = kinds.find((kind) => kind === text);
  return plain ? { kind: plain, value: "" } : { kind: "formula", value: text };
}

interface Props {
  /** As in the file; empty for one not chosen yet. */
  value: string;
  label: string;
  onChange(value: string): void;
  onRemove?(): void;
}

export function ExecutorInput({ value, label, onChange, onRemove }: Props) {
  const { t } = useTranslation("drawings");
  const read = value ? kindOfExecutor(value) : undefined;
  // A kind chosen before its value is: forgotten when another value comes, by undo too.
  const [begun, setBegun] = useState<{ kind: Kind; of: string }>();
  const kind = (begun?.of === value ? begun.kind : read?.kind) ?? "role";
  const inner = kind === read?.kind ? read.value : "";
  return (
    <Line top>
      <Select
        aria-label={label}
        w={148}
        allowDeselect={false}
        data={kinds.map((one) => ({ value: one, label: t(`who_${one}`) }))}
        value={kind}
        onChange={(next) => {
          setBegun({ kind: next as Kind, of: value });
          if (next === "owner" || next === "head" || next === "deputy") onChange(next);
        }}
      />
      <Grow>
        {kind === "role" && <RoleSelect value={inner} onChange={(key) => onChange(`role:${key}`)} />}
        {kind === "user" && <PersonSelect value={inner} onChange={(id) => onChange(`user:${id}`)} />}
        {kind === "formula" && (
          <CommitText
            label={t("who_formula")}
            bare
            mono
            placeholder="vars.manager"
            value={inner}
            onCommit={(text) => onChange(text.trim() ? `=${text.trim()}` : "")}
          />
        )}
      </Grow>
      {onRemove && (
        <ActionIcon aria-label={t("who_remove")} onClick={onRemove}>
          <IconX size={16} />
        </ActionIcon>
      )}
    </Line>
  );
}

const NEW = "new:";

function RoleSelect({ value, onChange }: { value: string; onChange(key: string): void }) {
  const { t } = useTranslation("drawings");
  const { data } = useQuery(rolesQuery);
  const [search, setSearch] = useState("");
  const known = (data ?? []).map(({ key, name }) => ({ value: key, label: name }));
  // The server takes a role by its key or its name.
  const found = data?.find(({ key, name }) => key === value || name === value);
  const listed = value && !found ? [...known, { value, label: value }] : known;
  const wanted = search.trim();
  const fresh = wanted && !listed.some(({ label }) => label.toLowerCase() === wanted.toLowerCase());
  const make = async (name: string) => {
    try {
      // What the drawing calls it is its key, where it can be one.
      const key = /^[a-z][a-z0-9_]*$/.test(name) ? name : undefined;
      const role = await createRole({ name: key ? name.replaceAll("_", " ") : name, key });
      onChange(role.key);
      toast({ message: t("role_made", { name: role.name }), kind: "done" });
    } catch (error) {
      toastError(error);
    }
  };
  const missing = data !== undefined && value !== "" && !found;
  return (
    <>
      <Select
        aria-label={t("who_role")}
        placeholder={t("role_choose")}
        searchable
        allowDeselect={false}
        data={fresh ? [...listed, { value: NEW + wanted, label: t("role_make", { name: wanted }) }] : listed}
        filter={({ options, search: typed }) =>
          options.filter(
            (one) =>
              !("items" in one) &&
              (one.value.startsWith(NEW) || one.label.toLowerCase().includes(typed.trim().toLowerCase())),
          )
        }
        value={(found?.key ?? value) || null}
        error={missing && t("role_unknown")}
        onSearchChange={setSearch}
        onChange={(next) => {
          if (next?.startsWith(NEW)) void make(next.slice(NEW.length));
          else if (next) onChange(next);
        }}
      />
      {missing && (
        <Button variant="subtle" size="compact-sm" onClick={() => void make(value)}>
          {t("role_make_this")}
        </Button>
      )}
    </>
  );
}

function PersonSelect({ value, onChange }: { value: string; onChange(id: string): void }) {
  const { t } = useTranslation("drawings");
  const { data } = useQuery(usersQuery);
  const people = (data ?? []).filter(({ active, id, email }) => active || id === value || email === value);
  const found = people.find(({ id, email }) => id === value || email === value);
  const listed = people.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Select
      aria-label={t("who_user")}
      placeholder={t("person_choose")}
      searchable
      allowDeselect={false}
      limit={100}
      data={value && !found ? [...listed, { value, label: value }] : listed}
      value={(found?.id ?? value) || null}
      onChange={(id) => id && onChange(id)}
    />
  );
}
