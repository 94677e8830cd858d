/** How many records somebody sees, changes and deletes: asked of the server, as their lists would count. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { reachQuery } from "@/api/access";
import { messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { UserRow } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Figures, Hint } from "@/ui/block";

export default function PersonReach({ user }: { user: UserRow }) {
  const { t } = useTranslation(["settings", "common"]);
  const entities = useEntities();
  const [entity, setEntity] = useState<string | null>(null);
  const found = useQuery({ ...reachQuery(user.id, entity ?? ""), enabled: entity !== null });
  const counts = found.data?.counts ?? {};
  return (
    <>
      <Select
        label={t("settings:reach")}
        description={t("settings:reach_hint")}
        placeholder={t("settings:reach_of")}
        data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
        searchable
        value={entity}
        onChange={setEntity}
      />
      {found.isError && <p role="alert">{messageOf(found.error, t("common:network"))}</p>}
      {found.data && (
        <>
          <Figures
            items={(["read", "update", "delete"] as const).map((action) => ({
              label: t(`settings:reach_${action}`),
              value: formatNumber(counts[action] ?? 0),
            }))}
          />
          {found.data.create && <Hint>{t("settings:reach_create")}</Hint>}
        </>
      )}
    </>
  );
}
