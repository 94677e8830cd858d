/**
 * Places of the portal where modules show something: which surfaces stand there, and what opens one. What draws a
 * surface is given from above (`routes/signed-in`) and loaded with the first of them.
 */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, createContext, Suspense, use, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { pagesQuery } from "@/api/pages";
import { queryClient } from "@/api/query-client";
import { recordQuery } from "@/api/records";
import type { Id, SurfaceView } from "@/api/types";
import { openSurface, type Subject } from "@/engines/open-surface";
import { toastError } from "@/ui/toast";
import type { Source } from "./source";

export interface DrawnSurface {
  surface: SurfaceView;
  subject?: Subject;
  /** The corner of the shell shows a face that opens the rest. */
  face?: boolean;
}

export const SurfaceDrawer = createContext<ComponentType<DrawnSurface> | null>(null);

const none: SurfaceView[] = [];

export function useSlot(slot: string): SurfaceView[] {
  const { data } = useQuery(pagesQuery);
  return useMemo(() => data?.surfaces.filter((one) => one.slot === slot) ?? none, [data, slot]);
}

export function SlotSurface(props: DrawnSurface) {
  const Drawer = use(SurfaceDrawer);
  return (
    <Suspense>{Drawer && <Drawer key={`${props.surface.plugin} ${props.surface.id}`} {...props} />}</Suspense>
  );
}

/** A button for each surface of a slot. */
export function SlotButtons({ slot, subject = {} }: { slot: string; subject?: Subject }) {
  return useSlot(slot).map(({ plugin, id, title }) => (
    <Button
      key={`${plugin} ${id}`}
      variant="default"
      size="compact-sm"
      onClick={() => openSurface({ plugin, id, subject })}
    >
      {title}
    </Button>
  ));
}

/** The entity of the list that rows and selections below are of. */
export const SlotEntity = createContext("");

/** A list's source with what modules add to its rows and to the selection; the list stands within `SlotEntity`. */
export function useSlots(source: Source, entity: string): Source {
  const rows = useSlot(`list.${entity}.row-menu`).length > 0;
  const bulk = useSlot(`list.${entity}.bulk-action`).length > 0;
  return useMemo(
    () => ({
      ...source,
      ...(rows && { RowMenu: RowSlots }),
      ...(bulk && { SelectionMenu: SelectionSlots }),
    }),
    [source, rows, bulk],
  );
}

function SelectionSlots({ ids }: { ids: Id[] }) {
  const entity = use(SlotEntity);
  return <SlotButtons slot={`list.${entity}.bulk-action`} subject={{ entity, ids }} />;
}

function RowSlots({ id, title }: { id: Id; title: string }) {
  const entity = use(SlotEntity);
  return <SlotMenu slot={`list.${entity}.row-menu`} entity={entity} id={id} title={title} />;
}

interface SlotMenuProps {
  slot: string;
  entity: string;
  id: Id;
  /** Whose menu it is. */
  title: string;
  /** Parameters that the surface opens with. */
  params?: Record<string, unknown>;
}

/** A menu of the surfaces of a slot over a record, where there are any. */
export function SlotMenu({ slot, entity, id, title, params }: SlotMenuProps) {
  const { t } = useTranslation("common");
  const surfaces = useSlot(slot);
  if (surfaces.length === 0) return null;
  const open = async (surface: SurfaceView) => {
    try {
      const record = await queryClient.fetchQuery(recordQuery(entity, id));
      openSurface({
        plugin: surface.plugin,
        id: surface.id,
        subject: { entity, record },
        ...(params && { params }),
      });
    } catch (error) {
      toastError(error, title);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size={22} aria-label={t("actions_of", { what: title })}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {surfaces.map((surface) => (
          <Menu.Item key={`${surface.plugin} ${surface.id}`} onClick={() => void open(surface)}>
            {surface.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
