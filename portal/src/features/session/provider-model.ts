/** What the sign-in page is told by its address after somebody came back from a provider, and which company it remembers. Pure
 * but for the memory. */

/** Why a provider's word did not open a session: the last part of the API's codes `auth.provider_*`, and two more. */
export const refusals = [
  "answer",
  "barred",
  "denied",
  "domain",
  "failed",
  "limited",
  "no_email",
  "off",
  "setup",
  "state",
  "taken",
  "unknown",
  "unreachable",
  "unverified",
] as const;
export type Refusal = (typeof refusals)[number];

/** A refusal that this page knows; any other one has failed. */
export function refusalOf(told: string | undefined): Refusal | undefined {
  if (!told) return undefined;
  return refusals.find((one) => one === told) ?? "failed";
}

/** Only paths of this portal; anything else would be an open redirect. */
export function placeOf(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}

const storageKey = "verstak.company";

/** The short name of the company that signed in here last. */
export function rememberedCompany(): string {
  return localStorage.getItem(storageKey) ?? "";
}

export function rememberCompany(slug: string): void {
  if (slug) localStorage.setItem(storageKey, slug);
}
