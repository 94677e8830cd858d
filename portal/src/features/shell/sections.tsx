/**
 * Sections of the portal beside the entities. To add one: a route in `routes/router.tsx`, a line here and
 * a text in `shell.json`.
 */
import {
  type Icon,
  IconActivity,
  IconAddressBook,
  IconBriefcase,
  IconBuilding,
  IconFileImport,
  IconPuzzle,
  IconSettings,
  IconStack2,
  IconTargetArrow,
} from "@tabler/icons-react";
import type { Me } from "@/api/types";

export interface Section {
  to: "/imports" | "/plugins" | "/settings";
  label: "imports" | "plugins" | "settings";
  icon: Icon;
  shown(me: Me): boolean;
}

export const sections: Section[] = [
  { to: "/imports", label: "imports", icon: IconFileImport, shown: () => true },
  { to: "/plugins", label: "plugins", icon: IconPuzzle, shown: (me) => me.admin },
  { to: "/settings", label: "settings", icon: IconSettings, shown: () => true },
];

const entityIcons: Record<string, Icon> = {
  lead: IconTargetArrow,
  deal: IconBriefcase,
  contact: IconAddressBook,
  company: IconBuilding,
  activity: IconActivity,
};

/** The picture of an entity; custom and plugin entities share one. */
export function entityIcon(entity: string): Icon {
  return entityIcons[entity] ?? IconStack2;
}
