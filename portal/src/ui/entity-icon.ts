/** The picture of an entity; custom and plugin entities share one. */
import {
  type Icon,
  IconActivity,
  IconAddressBook,
  IconBriefcase,
  IconBuilding,
  IconCheckbox,
  IconStack2,
  IconTargetArrow,
} from "@tabler/icons-react";

const entityIcons: Record<string, Icon> = {
  lead: IconTargetArrow,
  deal: IconBriefcase,
  contact: IconAddressBook,
  company: IconBuilding,
  task: IconCheckbox,
  activity: IconActivity,
};

export function entityIcon(entity: string): Icon {
  return entityIcons[entity] ?? IconStack2;
}
