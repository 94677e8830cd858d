/** Sizes of files in words. */
import { formatNumber } from "@/i18n/format";

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${formatNumber(bytes, 0)} B`;
  return bytes < 1024 * 1024
    ? `${formatNumber(bytes / 1024, 0)} KB`
    : `${formatNumber(bytes / 1024 / 1024, 1)} MB`;
}
