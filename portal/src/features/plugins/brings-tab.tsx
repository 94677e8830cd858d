/** What a module has brought to the company while it runs: entities, fields, who may use them, places in the portal. */
import { Button } from "@mantine/core";
import { IconDatabase, IconForms, IconLayoutSidebar, IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { pagesQuery } from "@/api/pages";
import { rolesQuery } from "@/api/people";
import { useEntities } from "@/api/session";
import type { PluginDetail } from "@/api/types";
import { Block, ItemBody, ItemLine, ItemList, itemClass, Lead, Secondary } from "@/ui/block";

export function BringsTab({ plugin }: { plugin: PluginDetail }) {
  const { t } = useTranslation("plugins");
  const entities = useEntities();
  const roles = useQuery(rolesQuery);
  const pages = useQuery(pagesQuery);
  if (!plugin.enabled) return <Lead>{t("brings_off")}</Lead>;
  const own = entities.filter((entity) => entity.plugin === plugin.id);
  const fields = entities.flatMap((entity) =>
    entity.plugin === plugin.id
      ? []
      : entity.fields.filter((field) => field.plugin === plugin.id).map((field) => ({ entity, field })),
  );
  const keys = new Set(own.map(({ key }) => key));
  const users = (roles.data ?? []).filter((role) => role.rows.some(({ entity }) => keys.has(entity)));
  const surfaces = (pages.data?.surfaces ?? []).filter((one) => one.plugin === plugin.id);
  const nothing = own.length + fields.length + surfaces.length === 0;
  return (
    <>
      {nothing && <Lead>{t("brings_nothing")}</Lead>}
      {own.length > 0 && (
        <Block title={t("brings_entities")}>
          <ItemList>
            {own.map((entity) => (
              <Link
                key={entity.key}
                to="/records/$entity"
                params={{ entity: entity.key }}
                className={itemClass}
              >
                <ItemBody
                  icon={<IconDatabase size={18} />}
                  title={entity.label_plural}
                  note={entity.fields
                    .filter(({ system }) => !system)
                    .map(({ label }) => label)
                    .join(", ")}
                />
              </Link>
            ))}
          </ItemList>
        </Block>
      )}
      {fields.length > 0 && (
        <Block title={t("brings_fields")}>
          <ItemList>
            {fields.map(({ entity, field }) => (
              <ItemLine key={`${entity.key} ${field.key}`}>
                <ItemBody icon={<IconForms size={18} />} title={`${entity.label}: ${field.label}`} />
              </ItemLine>
            ))}
          </ItemList>
        </Block>
      )}
      {own.length > 0 && (
        <Block
          title={t("brings_roles")}
          note={t("brings_roles_note")}
          actions={
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link to="/settings/$section" params={{ section: "people" }} {...props} />
              )}
            >
              {t("brings_people")}
            </Button>
          }
        >
          {users.length === 0 && <Secondary>{t("brings_no_roles")}</Secondary>}
          <ItemList>
            {users.map((role) => (
              <Link
                key={role.id}
                to="/settings/$section"
                params={{ section: "roles" }}
                search={{ edit: role.id }}
                className={itemClass}
              >
                <ItemBody icon={<IconUsersGroup size={18} />} title={role.name} />
              </Link>
            ))}
          </ItemList>
        </Block>
      )}
      {surfaces.length > 0 && (
        <Block title={t("brings_places")} note={t("brings_places_note")}>
          <ItemList>
            {surfaces.map((one) => (
              <ItemLine key={`${one.slot} ${one.id}`}>
                <ItemBody
                  icon={<IconLayoutSidebar size={18} />}
                  title={one.title}
                  note={<Place slot={one.slot} />}
                />
              </ItemLine>
            ))}
          </ItemList>
        </Block>
      )}
    </>
  );
}

/** By slot; of records and lists by its last part. */
const places = {
  "nav.page": "place_page",
  "dashboard.widget": "place_widget",
  "shell.corner": "place_corner",
  "settings.page": "place_settings",
  "settings.mine": "place_mine",
  "palette.command": "place_command",
  "public.page": "place_public",
  tab: "place_tab",
  sidebar: "place_sidebar",
  "header-action": "place_header",
  "timeline-item": "place_timeline",
  toolbar: "place_toolbar",
  "row-menu": "place_row",
  "bulk-action": "place_bulk",
} as const;

const isPlace = (key: string): key is keyof typeof places => Object.hasOwn(places, key);

/** A slot in words; what has none reads as it is declared. */
function Place({ slot }: { slot: string }) {
  const { t } = useTranslation("plugins");
  const entities = useEntities();
  const [kind, of, at] = slot.split(".");
  const entity = at ? entities.find(({ key }) => key === of)?.label_plural : undefined;
  const key = kind === "record" || kind === "list" ? (at ?? "") : slot;
  return isPlace(key) ? [t(places[key]), entity].filter(Boolean).join(": ") : slot;
}
