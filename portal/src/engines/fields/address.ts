/** A postal address: an object of texts on the wire. Pure. */
import type { Value } from "@/api/types";

/** In the order they are written. */
export const addressParts = ["street", "building", "city", "region", "postal_code", "country"] as const;
export type AddressPart = (typeof addressParts)[number];
export type Address = Partial<Record<AddressPart, string>>;

export function addressOf(value: Value): Address {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const address: Address = {};
  for (const part of addressParts) {
    const text = (value as Record<string, unknown>)[part];
    if (typeof text === "string" && text) address[part] = text;
  }
  return address;
}

export function addressText(value: Value): string {
  const address = addressOf(value);
  return addressParts
    .map((part) => address[part])
    .filter(Boolean)
    .join(", ");
}

/** With one part changed; nothing at all when every part is empty. */
export function withPart(value: Value, part: AddressPart, text: string): Address | null {
  const { [part]: _, ...rest } = addressOf(value);
  const next = text ? { ...rest, [part]: text } : rest;
  return Object.keys(next).length > 0 ? next : null;
}
