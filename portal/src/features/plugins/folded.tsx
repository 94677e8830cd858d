/** The lists of the decision to switch a module on: a sentence for each group, all of it for whoever asks. */
import { Button } from "@mantine/core";
import { IconDatabase, IconShieldHalf } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { PluginDetail } from "@/api/types";
import { ItemBody, ItemLine, ItemList } from "@/ui/block";
import { Brings, broughtIcons } from "./brings";
import {
  asksMore,
  broughtGroups,
  changeGroups,
  entityNames,
  fewLines,
  type Group,
  isGrave,
  isMarked,
  type Named,
  permissionGroups,
} from "./groups";
import { Permissions } from "./permissions";
import { SchemaChanges } from "./schema";

interface Asked {
  /** What is asked now: a version's own, or an update's. */
  offered: Pick<PluginDetail, "permissions" | "schema" | "brings">;
  /** Instead of a version that the company has: what differs stays in sight. */
  update: boolean;
}

/** As many lines as there are, behind a button that says how many. */
function Folded({ count, short, whole }: { count: number; short: ReactNode; whole: ReactNode }) {
  const { t } = useTranslation("plugins");
  const [open, setOpen] = useState(false);
  if (count <= fewLines) return whole;
  return (
    <>
      {open ? whole : short}
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {open ? t("show_less") : t("show_all", { number: count })}
      </Button>
    </>
  );
}

function Line({ icon, title, group }: { icon: ReactNode; title: string; group: Named & { count: number } }) {
  const { t } = useTranslation("plugins");
  const names = group.names.join(", ");
  const note = group.more > 0 ? t("names_more", { names, number: group.more }) : names;
  return (
    <ItemLine>
      <ItemBody icon={icon} title={t("group_of", { title, number: group.count })} note={note} />
    </ItemLine>
  );
}

export function AskedPermissions({ offered, update }: Asked) {
  const { t } = useTranslation("plugins");
  const all = offered.permissions;
  const more = update ? all.filter(asksMore) : [];
  return (
    <Folded
      count={all.length}
      whole={<Permissions permissions={all} asking />}
      short={
        <>
          {more.length > 0 && <Permissions permissions={more} asking />}
          <Lines
            groups={permissionGroups(all)}
            title={(key) => t(`can_${key}`)}
            icon={() => <IconShieldHalf size={18} />}
          />
        </>
      }
    />
  );
}

export function AskedChanges({ offered }: Asked) {
  const { t } = useTranslation("plugins");
  const all = offered.schema;
  const grave = all.filter(isGrave);
  return (
    <Folded
      count={all.length}
      whole={<SchemaChanges changes={all} />}
      short={
        <>
          {grave.length > 0 && <SchemaChanges changes={grave} />}
          <Lines
            groups={changeGroups(all.filter((one) => !isGrave(one)))}
            title={(key) => t(`schema_${key}`)}
            icon={() => <IconDatabase size={18} />}
          />
        </>
      }
    />
  );
}

export function AskedBrings({ offered, update }: Asked) {
  const { t } = useTranslation("plugins");
  const entityOf = entityNames(offered.schema, useEntities());
  const all = offered.brings;
  const marked = all.filter((one) => isMarked(one) && (update || one.what === "route"));
  return (
    <Folded
      count={all.length}
      whole={<Brings items={all} entityOf={entityOf} />}
      short={
        <>
          {marked.length > 0 && <Brings items={marked} entityOf={entityOf} />}
          <Lines
            groups={broughtGroups(all, entityOf)}
            title={(key) => t(`group_${key}`)}
            icon={(key) => {
              const Icon = broughtIcons[key];
              return <Icon size={18} />;
            }}
          />
        </>
      }
    />
  );
}

function Lines<K extends string>({
  groups,
  title,
  icon,
}: {
  groups: Group<K>[];
  title(key: K): string;
  icon(key: K): ReactNode;
}) {
  return (
    <ItemList>
      {groups.map((group) => (
        <Line key={group.key} icon={icon(group.key)} title={title(group.key)} group={group} />
      ))}
    </ItemList>
  );
}
