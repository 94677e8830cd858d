/** Who gets the roles that a module brings, chosen at once with switching it on. Holds nothing: values come in and go out. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, usersQuery } from "@/api/people";
import type { PluginDetail } from "@/api/types";
import { Stacked } from "@/ui/block";
import { PickMany } from "@/ui/pick-many";
import { candidatesOf, type Given, rolesOf } from "./given";

interface Props {
  brings: PluginDetail["brings"];
  given: Given;
  /** An entity as people call it, also one that only comes with the module. */
  entityOf(key: string): string;
  /** The server's words about one role. */
  refusalOf(key: string): string | undefined;
  onChange(given: Given): void;
}

export function GiveRoles({ brings, given, entityOf, refusalOf, onChange }: Props) {
  const { t } = useTranslation(["plugins", "fields"]);
  const users = useQuery(usersQuery).data ?? [];
  const roles = useQuery(rolesQuery).data ?? [];
  return (
    <Stacked>
      {rolesOf(brings).map(({ key, label, entities }) => {
        const { free, held } = candidatesOf(key, roles, users);
        return (
          <PickMany
            key={key}
            name={key}
            label={label || key}
            description={
              held > 0
                ? t("plugins:give_held", { count: held })
                : t("plugins:brought_rights", { entities: entities.map(entityOf).join(", ") })
            }
            inputWrapperOrder={["label", "input", "description", "error"]}
            placeholder={given[key]?.length ? undefined : t("plugins:give_nobody")}
            data={free.map(({ id, name }) => ({ value: id, label: name }))}
            nothingFoundMessage={t("fields:nothing_found")}
            value={given[key] ?? []}
            error={refusalOf(key)}
            onChange={(people) => onChange({ ...given, [key]: people })}
          />
        );
      })}
    </Stacked>
  );
}
