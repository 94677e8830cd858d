/** People that a task, a notice or a letter goes to: the record's owner and those around them, roles, persons. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, usersQuery } from "@/api/people";
import { PickMany } from "@/ui/pick-many";
import { peopleOf, peopleText } from "./automation-model";

/** Found when the time comes: the record's owner and those around them. */
const AROUND = ["owner", "head", "deputy"] as const;

interface Props {
  label: string;
  hint?: string;
  /** Also the client, and addresses by hand. */
  letter?: boolean;
  value: string;
  error?: string;
  onChange(value: string): void;
}

export function PeopleInput({ label, hint, letter, value, error, onChange }: Props) {
  const { t } = useTranslation("automation");
  const roles = useQuery(rolesQuery).data ?? [];
  const users = useQuery(usersQuery).data ?? [];
  const { people, others } = peopleOf(value);
  const around = letter ? (["client", ...AROUND] as const) : AROUND;
  const known = [
    ...around.map((one) => ({ value: one as string, label: t(`person_${one}`) })),
    ...roles.map(({ key, name }) => ({ value: `role:${key}`, label: t("role", { name }) })),
    ...users.filter(({ active }) => active).map(({ id, name }) => ({ value: `user:${id}`, label: name })),
  ];
  const strange = people.filter((one) => !known.some((option) => option.value === one));
  return (
    <>
      <PickMany
        label={label}
        description={hint}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={[...known, ...strange.map((one) => ({ value: one, label: one }))]}
        value={people}
        error={error}
        onChange={(next) => onChange(peopleText(next, others))}
      />
      {letter && (
        <TextInput
          label={t("addresses")}
          placeholder="name@example.com"
          value={others}
          onChange={(event) => onChange(peopleText(people, event.currentTarget.value))}
        />
      )}
    </>
  );
}
