/** One small picture for each kind of element. */
import {
  IconAlarm,
  IconArrowsSplit2,
  IconBolt,
  IconCircle,
  IconCircleDot,
  IconClock,
  IconCode,
  IconExternalLink,
  IconFlag,
  IconHandStop,
  IconHelpSquareRounded,
  IconMail,
  IconMessage2,
  IconNote,
  IconRectangle,
  IconRoute,
  IconSettingsAutomation,
  IconSitemap,
  IconSquareHalf,
  IconUserCheck,
} from "@tabler/icons-react";
import type { Kind } from "@/engines/designer/kinds";

const icons: Partial<Record<Kind, typeof IconCircle>> = {
  start: IconCircle,
  step: IconUserCheck,
  auto: IconSettingsAutomation,
  question: IconHelpSquareRounded,
  parallel: IconArrowsSplit2,
  wait: IconClock,
  subprocess: IconSitemap,
  end: IconCircleDot,
  note: IconNote,
  manual: IconHandStop,
  script: IconCode,
  rule: IconCode,
  send: IconMail,
  receive: IconMail,
  call: IconExternalLink,
  any: IconArrowsSplit2,
  race: IconArrowsSplit2,
  start_timer: IconAlarm,
  on_timer: IconAlarm,
  end_terminate: IconFlag,
  pool: IconSquareHalf,
};

export function KindIcon({ kind, size = 16 }: { kind: Kind | undefined; size?: number }) {
  const Icon = iconOf(kind);
  return <Icon size={size} aria-hidden />;
}

function iconOf(kind: Kind | undefined): typeof IconCircle {
  if (!kind) return IconRoute;
  const own = icons[kind];
  if (own) return own;
  if (kind.includes("message")) return IconMessage2;
  if (kind.includes("signal") || kind.includes("escalation") || kind.includes("error")) return IconBolt;
  return IconRectangle;
}
