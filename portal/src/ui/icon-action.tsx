/** Icons that an action may name; another name has none. */
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

export function IconAction({ name }: { name: string | undefined }) {
  const Icon = name && Object.hasOwn(icons, name) ? icons[name as keyof typeof icons] : undefined;
  return Icon ? <Icon size={16} aria-hidden /> : null;
}
