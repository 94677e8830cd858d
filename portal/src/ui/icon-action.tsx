/** Icons that an action may name: those of what is done, and those that surfaces have. Another name has the puzzle. */
import {
  IconArrowRight,
  IconCheck,
  IconDownload,
  IconMail,
  IconPencil,
  IconPhone,
  IconPlayerPlay,
  IconPlus,
  IconRefresh,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { lazy, Suspense } from "react";

const SurfaceIcon = lazy(() => import("./surface-icons"));

const icons = {
  plus: IconPlus,
  check: IconCheck,
  x: IconX,
  pencil: IconPencil,
  trash: IconTrash,
  phone: IconPhone,
  mail: IconMail,
  download: IconDownload,
  play: IconPlayerPlay,
  refresh: IconRefresh,
  arrow: IconArrowRight,
};

export function IconAction({ name }: { name: string }) {
  const Icon = Object.hasOwn(icons, name) ? icons[name as keyof typeof icons] : undefined;
  if (Icon) return <Icon size={16} aria-hidden />;
  return (
    <Suspense fallback={<IconArrowRight size={16} opacity={0} aria-hidden />}>
      <SurfaceIcon name={name} size={16} />
    </Suspense>
  );
}
