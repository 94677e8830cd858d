/** What is typed about a provider, and how its issuer usually looks. Pure. */
import type { Provider, ProviderInput } from "./providers-api";

export const kinds = ["google", "microsoft", "keycloak", "another"] as const;
export type Kind = (typeof kinds)[number];

/** How the issuers of known providers look; what stands in `<>` is to be typed. */
const issuers: Record<Kind, string> = {
  google: "https://accounts.google.com",
  microsoft: "https://login.microsoftonline.com/<directory>/v2.0",
  keycloak: "https://<host>/realms/<realm>",
  another: "",
};

export interface ProviderDraft {
  label: string;
  issuer: string;
  client_id: string;
  secret: string;
  domains: string[];
  trusts_email: boolean;
  creates: boolean;
  role_id: string | null;
  department_id: string | null;
  passwords: boolean;
  enabled: boolean;
}

export function draftOf(provider: Provider | undefined): ProviderDraft {
  return {
    label: provider?.label ?? "",
    issuer: provider?.issuer ?? "",
    client_id: provider?.client_id ?? "",
    secret: "",
    domains: provider?.domains ?? [],
    trusts_email: provider?.trusts_email ?? false,
    creates: provider?.creates ?? false,
    role_id: provider?.role_id ?? null,
    department_id: provider?.department_id ?? null,
    passwords: provider?.passwords ?? true,
    enabled: provider?.enabled ?? true,
  };
}

/** A secret that is not typed stays as it is; what new people get goes with letting them in. */
export function inputOf({ secret, ...draft }: ProviderDraft): ProviderInput {
  const input = {
    ...draft,
    label: draft.label.trim(),
    issuer: draft.issuer.trim(),
    client_id: draft.client_id.trim(),
    role_id: draft.creates ? draft.role_id : null,
    department_id: draft.creates ? draft.department_id : null,
  };
  return secret.trim() ? { ...input, client_secret: secret.trim() } : input;
}

/** Whose an issuer is, as far as it can be seen. */
export function kindOf(issuer: string): Kind {
  if (issuer === issuers.google) return "google";
  if (issuer.startsWith("https://login.microsoftonline.com/")) return "microsoft";
  return /\/realms\//.test(issuer) ? "keycloak" : "another";
}

/** The draft with the issuer of another kind. */
export function withKind(draft: ProviderDraft, kind: Kind): ProviderDraft {
  return { ...draft, issuer: issuers[kind] };
}
