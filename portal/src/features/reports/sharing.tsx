/** Who sees what somebody has made: oneself, some roles, everybody. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery } from "@/api/people";
import type { Sharing } from "@/api/reports-wire";
import { PickMany } from "@/ui/pick-many";

interface Props {
  shared: Sharing;
  onChange(shared: Sharing): void;
}

type Who = "mine" | "roles" | "all";

export const onlyMine: Sharing = { all: false, roles: [] };

export function SharingFields({ shared, onChange }: Props) {
  const { t } = useTranslation("reports");
  const roles = useQuery(rolesQuery).data ?? [];
  const who: Who = shared.all ? "all" : shared.roles.length > 0 ? "roles" : "mine";
  const choose = (next: Who) =>
    onChange({ all: next === "all", roles: next === "roles" ? roles.slice(0, 1).map(({ id }) => id) : [] });
  return (
    <>
      <Select
        label={t("who_sees")}
        description={t("who_sees_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        allowDeselect={false}
        data={[
          { value: "mine", label: t("sees_mine") },
          { value: "roles", label: t("sees_roles") },
          { value: "all", label: t("sees_all") },
        ]}
        value={who}
        onChange={(next) => next && choose(next as Who)}
      />
      {who === "roles" && (
        <PickMany
          label={t("roles")}
          data={roles.map(({ id, name }) => ({ value: id, label: name }))}
          value={shared.roles}
          onChange={(chosen) => onChange({ all: false, roles: chosen })}
        />
      )}
    </>
  );
}
