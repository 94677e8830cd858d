/** The signed-in frame: sections by rights, opened records, the person's menu, and what floats above pages. */
import { ActionIcon, Box, Drawer, Tooltip } from "@mantine/core";
import { useDisclosure, useLocalStorage, useNetwork } from "@mantine/hooks";
import {
  IconChecklist,
  IconHome,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconMenu2,
  IconPuzzle,
} from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { onEntityChange, useLiveStream } from "@/api/live";
import { countsQuery, pagesQuery } from "@/api/pages";
import { useEntities, useMe } from "@/api/session";
import type { Entity } from "@/api/types";
import { followOtherTabs, hasEnded } from "@/api/view-as-gate";
import { countersQuery, followWork } from "@/api/work-cache";
import { barOf, menuOf } from "@/engines/menu";
import { SlotSurface, useSlot } from "@/engines/slots";
import { openHistoryOf, useOpened } from "@/state/history";
import { openPalette, openShortcuts, useOverlay } from "@/state/overlay";
import { EntityIcon } from "@/ui/entity-icon";
import { Frame, placeClass } from "@/ui/frame";
import { NamedIcon } from "@/ui/named-icon";
import { Brand, NavGroup, NavLabel, navItemClass, SearchBox } from "@/ui/nav";
import { useShortcuts } from "@/ui/shortcuts";
import { toast } from "@/ui/toast";
import { useAhead } from "@/ui/use-ahead";
import { Bell } from "./bell";
import { firstSections, processSections, sections } from "./sections";
import { UserMenu } from "./user-menu";

const loadOverlays = () => import("./overlays");
const Overlays = lazy(loadOverlays);
const ViewingBar = lazy(() => import("./viewing-bar"));

/** `children`: what opens over any page. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation("shell");
  const me = useMe();
  const overlay = useOverlay();
  const { online } = useNetwork();
  const [collapsed, setCollapsed] = useLocalStorage({ key: "verstak.panel", defaultValue: false });
  const [menuOpen, menu] = useDisclosure(false);
  const { viewing } = me;
  // What was opened as somebody else is not what they opened, nor what one opened oneself.
  openHistoryOf(`${me.tenant.id}.${me.user.id}${viewing ? `.${viewing.by}.${viewing.role ?? ""}` : ""}`);
  useLiveStream();
  useEffect(followWork, []);
  useEffect(followOtherTabs, []);
  useEffect(() => {
    if (hasEnded()) toast({ message: t("viewing_over") });
  }, [t]);
  useAhead(loadOverlays, 1_500);
  useShortcuts([
    { key: "k", code: "KeyK", mod: true, inText: true, run: openPalette },
    { key: "?", code: "Slash", shift: true, run: openShortcuts },
    { key: "\\", code: "Backslash", mod: true, run: () => setCollapsed((value) => !value) },
  ]);

  return (
    <>
      <Frame
        label={t("sections")}
        skipLabel={t("skip")}
        collapsed={collapsed}
        notice={online ? undefined : t("offline")}
        bar={
          viewing && (
            <Suspense>
              <ViewingBar me={me} viewing={viewing} />
            </Suspense>
          )
        }
        panelTop={
          <>
            <Brand
              name={me.tenant.name}
              action={
                <>
                  {!viewing && <Bell />}
                  <Tooltip label={t("collapse")}>
                    <ActionIcon aria-label={t("collapse")} onClick={() => setCollapsed(true)}>
                      <IconLayoutSidebarLeftCollapse size={18} />
                    </ActionIcon>
                  </Tooltip>
                </>
              }
            />
            <SearchBox label={t("search_hint")} shortcut="Ctrl K" onClick={openPalette} />
          </>
        }
        panelBody={
          <>
            <SectionLinks />
            <OpenedLinks />
          </>
        }
        panelBottom={
          <>
            <Corner />
            <UserMenu />
          </>
        }
        bottomBar={<BottomBar onMore={menu.open} />}
      >
        {collapsed && (
          <ActionIcon
            aria-label={t("expand")}
            onClick={() => setCollapsed(false)}
            pos="absolute"
            left={4}
            top={10}
            visibleFrom="sm"
            style={{ zIndex: 5 }}
          >
            <IconLayoutSidebarLeftExpand size={18} />
          </ActionIcon>
        )}
        <Outlet />
      </Frame>
      <Drawer
        opened={menuOpen}
        onClose={menu.close}
        position="bottom"
        size="auto"
        title={me.tenant.name}
        closeButtonProps={{ "aria-label": t("collapse") }}
      >
        <Box mb={8} display="flex" style={{ gap: 8 }}>
          {!viewing && <Bell />}
          <SearchBox
            label={t("search_hint")}
            onClick={() => {
              menu.close();
              openPalette();
            }}
          />
        </Box>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: closes after a link inside was followed */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside are the controls */}
        <div onClick={(event) => (event.target as HTMLElement).closest("a") && menu.close()}>
          <SectionLinks />
          <OpenedLinks />
        </div>
        <UserMenu />
      </Drawer>
      {children}
      {overlay && (
        <Suspense>
          <Overlays overlay={overlay} />
        </Suspense>
      )}
    </>
  );
}

function SectionLinks() {
  const { t } = useTranslation("shell");
  const me = useMe();
  const menu = menuOf(useEntities());
  return (
    <>
      <NavGroup>
        <Link to="/" className={navItemClass} activeOptions={{ exact: true }}>
          <NavLabel icon={<IconHome size={16} aria-hidden />}>{t("home")}</NavLabel>
        </Link>
        <TasksLink />
        {firstSections.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} className={navItemClass}>
            <NavLabel icon={<Icon size={16} aria-hidden />}>{t(label)}</NavLabel>
          </Link>
        ))}
      </NavGroup>
      <NavGroup title={t("work")}>
        <EntityLinks entities={menu.work} />
      </NavGroup>
      <NavGroup title={t("processes")}>
        {processSections.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} className={navItemClass}>
            <NavLabel icon={<Icon size={16} aria-hidden />}>{t(label)}</NavLabel>
          </Link>
        ))}
      </NavGroup>
      <PageLinks />
      {menu.directories.length > 0 && (
        <NavGroup title={t("directories")}>
          <EntityLinks entities={menu.directories} />
        </NavGroup>
      )}
      <NavGroup title={t("company")}>
        {sections
          .filter((section) => section.shown(me))
          .map(({ to, label, icon: Icon }) => (
            <Link key={to} to={to} className={navItemClass}>
              <NavLabel icon={<Icon size={16} aria-hidden />}>{t(label)}</NavLabel>
            </Link>
          ))}
      </NavGroup>
    </>
  );
}

function EntityLinks({ entities }: { entities: Entity[] }) {
  const { counters } = useMe();
  return entities.map((entity) => (
    <Link key={entity.key} to="/records/$entity" params={{ entity: entity.key }} className={navItemClass}>
      <NavLabel icon={<EntityIcon of={entity} size={16} />} count={counters[entity.key]}>
        {entity.label_plural}
      </NavLabel>
    </Link>
  ));
}

/** The inbox with what is overdue in it. */
function TasksLink() {
  const { t } = useTranslation("shell");
  const { data } = useQuery(countersQuery);
  return (
    <Link to="/tasks" className={navItemClass}>
      <NavLabel icon={<IconChecklist size={16} aria-hidden />} count={data?.mine.overdue}>
        {t("my_tasks")}
      </NavLabel>
    </Link>
  );
}

/** Counts beside the titles of pages, anew when records that they count have changed. */
function usePageCounts(enabled: boolean) {
  const client = useQueryClient();
  const { data } = useQuery({ ...countsQuery, enabled });
  const counted = data?.items;
  useEffect(
    () =>
      onEntityChange((entities) => {
        if (counted?.some(({ entity }) => entities.includes(entity))) {
          void client.invalidateQueries({ queryKey: countsQuery.queryKey });
        }
      }),
    [client, counted],
  );
  return counted ?? [];
}

/** Pages that plugins bring. */
function PageLinks() {
  const { t } = useTranslation("shell");
  const { data } = useQuery(pagesQuery);
  const pages = data?.surfaces.filter(({ slot }) => slot === "nav.page") ?? [];
  const counts = usePageCounts(pages.length > 0);
  if (pages.length === 0) return null;
  return (
    <NavGroup title={t("modules")}>
      {pages.map(({ plugin, id, title, icon }) => (
        <Link
          key={`${plugin} ${id}`}
          to="/app/$plugin/$page"
          params={{ plugin, page: id }}
          search={{}}
          className={navItemClass}
        >
          <NavLabel
            // The piece of a puzzle stands for what has no icon of its own.
            icon={<NamedIcon name={icon} size={16} instead={<IconPuzzle size={16} aria-hidden />} />}
            count={counts.find((one) => one.plugin === plugin && one.surface === id)?.count}
          >
            {title}
          </NavLabel>
        </Link>
      ))}
    </NavGroup>
  );
}

/** What modules keep in view: a timer that runs, a count. */
function Corner() {
  return useSlot("shell.corner").map((surface) => (
    <SlotSurface key={`${surface.plugin} ${surface.id}`} surface={surface} face />
  ));
}

function OpenedLinks() {
  const { t } = useTranslation("shell");
  const opened = useOpened();
  const entities = useEntities();
  if (opened.length === 0) return null;
  return (
    <NavGroup title={t("recent")}>
      {opened.map(({ entity, id, title }) => {
        const kind = entities.find(({ key }) => key === entity);
        return (
          <Link
            key={id}
            to="/records/$entity/$id"
            params={{ entity, id }}
            className={navItemClass}
            title={title}
          >
            <NavLabel icon={<EntityIcon of={kind ?? { key: entity }} size={16} />}>{title}</NavLabel>
          </Link>
        );
      })}
    </NavGroup>
  );
}

/** Five places for the thumb: home, three entities, and everything else. */
function BottomBar({ onMore }: { onMore(): void }) {
  const { t } = useTranslation(["shell", "common"]);
  const entities = barOf(useEntities());
  return (
    <>
      <Link to="/" className={placeClass} activeOptions={{ exact: true }}>
        <IconHome size={20} aria-hidden />
        <span>{t("shell:home")}</span>
      </Link>
      {entities.map((entity) => (
        <Link key={entity.key} to="/records/$entity" params={{ entity: entity.key }} className={placeClass}>
          <EntityIcon of={entity} size={20} />
          <span>{entity.label_plural}</span>
        </Link>
      ))}
      <button type="button" className={placeClass} onClick={onMore}>
        <IconMenu2 size={20} aria-hidden />
        <span>{t("common:more")}</span>
      </button>
    </>
  );
}
