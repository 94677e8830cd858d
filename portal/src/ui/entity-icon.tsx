/** The picture of an entity: the product's have theirs, others share one until an administrator has chosen another. */
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
import { NamedIcon } from "./named-icon";

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

interface Props {
  /** An entity of the catalogue, or what is known of one. */
  of: { key: string; icon?: string };
  size: number;
}

export function EntityIcon({ of, size }: Props) {
  const Known = entityIcons[of.key] ?? IconStack2;
  return <NamedIcon name={of.icon} size={size} instead={<Known size={size} aria-hidden />} />;
}
