/** The picture of an entity; custom and plugin entities share one. */
import {
  type Icon,
  IconActivity,
  IconAddressBook,
  IconBeach,
  IconBriefcase,
  IconBuilding,
  IconBuildingStore,
  IconCash,
  IconCheckbox,
  IconCoin,
  IconFileText,
  IconListNumbers,
  IconPackage,
  IconPercentage,
  IconReceipt,
  IconShoppingCart,
  IconStack2,
  IconTag,
  IconTargetArrow,
} from "@tabler/icons-react";

const entityIcons: Record<string, Icon> = {
  lead: IconTargetArrow,
  deal: IconBriefcase,
  quote: IconFileText,
  order: IconShoppingCart,
  invoice: IconReceipt,
  payment: IconCash,
  contact: IconAddressBook,
  company: IconBuilding,
  product: IconPackage,
  task: IconCheckbox,
  activity: IconActivity,
  organization: IconBuildingStore,
  tax: IconPercentage,
  price_list: IconTag,
  price: IconCoin,
  number_series: IconListNumbers,
  absence: IconBeach,
};

export function entityIcon(entity: string): Icon {
  return entityIcons[entity] ?? IconStack2;
}
