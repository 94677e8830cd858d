/** Sizes of files: the number as the language writes it, and which unit it is of. Pure. */
import { formatNumber } from "@/i18n/format";

export interface Size {
  unit: "b" | "kb" | "mb" | "gb";
  number: string;
}

export function sizeOf(bytes: number): Size {
  if (bytes < 1024) return { unit: "b", number: formatNumber(bytes, 0) };
  if (bytes < 1024 ** 2) return { unit: "kb", number: formatNumber(bytes / 1024, 0) };
  if (bytes < 1024 ** 3) return { unit: "mb", number: formatNumber(bytes / 1024 ** 2, 1) };
  return { unit: "gb", number: formatNumber(bytes / 1024 ** 3, 1) };
}
