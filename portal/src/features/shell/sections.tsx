/**
 * Sections of the portal beside the entities. To add one: a route in `routes/router.tsx`, a line here and
 * a text in `shell.json`.
 */
import {
  type Icon,
  IconChartBar,
  IconFileImport,
  IconHistory,
  IconPuzzle,
  IconRoute,
  IconSettings,
} from "@tabler/icons-react";
import type { Me } from "@/api/types";

export interface Section {
  to: "/imports" | "/plugins" | "/settings";
  label: "imports" | "plugins" | "settings";
  icon: Icon;
  shown(me: Me): boolean;
}

export const sections: Section[] = [
  { to: "/imports", label: "imports", icon: IconFileImport, shown: (me) => !me.viewing },
  { to: "/plugins", label: "plugins", icon: IconPuzzle, shown: (me) => me.admin },
  { to: "/settings", label: "settings", icon: IconSettings, shown: (me) => !me.viewing },
];

/** Beside the first page and one's tasks: what everybody looks at. */
export const firstSections = [{ to: "/reports", label: "reports", icon: IconChartBar }] as const;

/** What runs, and by which maps; each shows what the person may see of it. */
export const processSections = [
  { to: "/journal", label: "journal", icon: IconHistory },
  { to: "/processes", label: "processes", icon: IconRoute },
] as const;
