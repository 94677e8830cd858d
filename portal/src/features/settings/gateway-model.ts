/**
 * A gateway of SMS as it is typed, what it would send, and what of it cannot be: as the server reads a template
 * (`core/messaging/src/messages/gateway.rs`), so that it is said before it is sent there. Pure.
 */
import type { GatewayInput, MessageGateway } from "@/api/messages";

export interface HeaderRow {
  name: string;
  value: string;
}

export interface GatewayDraft {
  key: string;
  title: string;
  url: string;
  method: "POST" | "PUT" | "GET";
  headers: HeaderRow[];
  body: string;
  answer_id: string;
  /** As it is typed; empty is 0. */
  per_second: string;
  /** Empty: as it is. */
  secret: string;
  /** The one it has is taken away. */
  without_secret: boolean;
}

export const shapes = ["json", "form", "get"] as const;
export type TemplateShape = (typeof shapes)[number];

/** The usual three ways in which gateways are asked: something to begin with. */
export const templates: Record<TemplateShape, Pick<GatewayDraft, "method" | "url" | "headers" | "body">> = {
  json: {
    method: "POST",
    url: "https://sms.example.com/messages",
    headers: [
      { name: "authorization", value: "Bearer {secret}" },
      { name: "content-type", value: "application/json" },
    ],
    body: '{"to": "{to}", "text": "{text}", "reference": "{key}"}',
  },
  form: {
    method: "POST",
    url: "https://sms.example.com/send",
    headers: [
      { name: "authorization", value: "Bearer {secret}" },
      { name: "content-type", value: "application/x-www-form-urlencoded" },
    ],
    body: "to={to}&text={text}",
  },
  get: {
    method: "GET",
    url: "https://sms.example.com/send?to={to}&text={text}",
    headers: [{ name: "authorization", value: "Bearer {secret}" }],
    body: "",
  },
};

export const freshDraft = (shape: TemplateShape = "json"): GatewayDraft => ({
  key: "",
  title: "",
  answer_id: "",
  per_second: "",
  secret: "",
  without_secret: false,
  ...templates[shape],
});

export function draftOf(gateway: MessageGateway): GatewayDraft {
  const {
    key,
    title,
    url,
    method = "POST",
    headers = {},
    body = "",
    answer_id = "",
    per_second = 0,
  } = gateway;
  return {
    key,
    title,
    url,
    method: method === "GET" || method === "PUT" ? method : "POST",
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    body,
    answer_id,
    per_second: per_second > 0 ? String(per_second) : "",
    secret: "",
    without_secret: false,
  };
}

export function inputOf(draft: GatewayDraft): GatewayInput {
  const { title, url, method, headers, body, answer_id, per_second, secret, without_secret } = draft;
  return {
    title: title.trim(),
    url: url.trim(),
    method,
    headers: Object.fromEntries(
      headers.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), value.trim()]),
    ),
    body: method === "GET" ? "" : body,
    answer_id: answer_id.trim(),
    per_second: Number(per_second.trim() || 0),
    ...(secret ? { secret } : without_secret ? { secret: "" } : {}),
  };
}

/** Ids are written in small letters. */
export const keyOfTitle = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 32);

type Written = "json" | "form" | "xml" | "plain";

export function writtenAs(headers: HeaderRow[]): Written | undefined {
  const named = headers.find(({ name }) => name.trim().toLowerCase() === "content-type");
  const kind = (named?.value ?? "application/json").split(";")[0]?.trim().toLowerCase();
  if (kind === "application/json") return "json";
  if (kind === "application/x-www-form-urlencoded") return "form";
  if (kind === "application/xml" || kind === "text/xml") return "xml";
  return kind === "text/plain" ? "plain" : undefined;
}

const xmlSigns: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

const write = (value: string, written: Written): string => {
  if (written === "json") return JSON.stringify(value).slice(1, -1);
  if (written === "form") return new URLSearchParams({ v: value }).toString().slice(2);
  return written === "xml" ? value.replace(/[&<>"']/g, (sign) => xmlSigns[sign] ?? sign) : value;
};

/** Places filled in one pass, each written as it stands there. */
export const filled = (template: string, places: Record<string, string>, written: Written): string =>
  template.replace(/\{(to|text|key|secret)\}/g, (place, name: string) =>
    name in places ? write(places[name] ?? "", written) : place,
  );

export interface Sample {
  to: string;
  text: string;
}

const KEY = "018f2b6e-0000-7000-8000-000000000001";

/** The request as the gateway would get it; the secret stays unseen. */
export function previewOf(draft: GatewayDraft, sample: Sample): string {
  const places = { ...sample, key: KEY };
  const headers = draft.headers
    .filter(({ name }) => name.trim())
    .map(({ name, value }) => `${name.trim()}: ${filled(value, { secret: "••••••", key: KEY }, "plain")}`);
  const body = draft.method === "GET" ? "" : filled(draft.body, places, writtenAs(draft.headers) ?? "plain");
  return [
    `${draft.method} ${filled(draft.url.trim(), places, "form")}`,
    ...headers,
    `idempotency-key: ${KEY}`,
    ...(body ? ["", body] : []),
  ].join("\n");
}

export type GatewayWrong =
  | "needed"
  | "key"
  | "url"
  | "url_places"
  | "secret_place"
  | "secret_plain"
  | "header"
  | "kind"
  | "json"
  | "place_to"
  | "place_text"
  | "pointer"
  | "pace";

const own = [
  "host",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "idempotency-key",
];

/** What cannot be, by field; headers by their place: `headers.2`. */
export function wrongOf(draft: GatewayDraft, hasSecret: boolean): Record<string, GatewayWrong> {
  const wrong: Record<string, GatewayWrong> = {};
  if (!draft.title.trim()) wrong.title = "needed";
  if (!/^[a-z0-9_-]{1,32}$/.test(draft.key)) wrong.key = "key";
  const secret = draft.secret !== "" || (hasSecret && !draft.without_secret);
  const url = wrongUrl(draft.url.trim(), secret);
  if (url) wrong.url = url;
  draft.headers.forEach(({ name, value }, index) => {
    const plain = /^[ -~]*$/.test(value);
    const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(name.trim());
    if (!name.trim() && !value.trim()) return;
    if (!token || !plain || own.includes(name.trim().toLowerCase())) wrong[`headers.${index}`] = "header";
  });
  const body = wrongBody(draft);
  if (body) wrong.body = body;
  if (draft.answer_id.trim() && !draft.answer_id.trim().startsWith("/")) wrong.answer_id = "pointer";
  const pace = draft.per_second.trim() === "" ? 0 : Number(draft.per_second);
  if (!Number.isInteger(pace) || pace < 0 || pace > 1_000) wrong.per_second = "pace";
  return wrong;
}

function wrongUrl(url: string, secret: boolean): GatewayWrong | undefined {
  if (!url) return "needed";
  if (url.includes("{secret}")) return "secret_place";
  if (/[{}]/.test(url.split("?")[0] ?? "")) return "url_places";
  try {
    const read = new URL(filled(url, { to: "1", text: "1", key: "1" }, "form"));
    if ((read.protocol !== "https:" && read.protocol !== "http:") || !read.hostname) return "url";
    if (read.username || read.password) return "secret_place";
    return secret && read.protocol !== "https:" ? "secret_plain" : undefined;
  } catch {
    return "url";
  }
}

function wrongBody(draft: GatewayDraft): GatewayWrong | undefined {
  const written = writtenAs(draft.headers);
  if (!written) return "kind";
  const body = draft.method === "GET" ? "" : draft.body;
  if (draft.method !== "GET" && !body) return "needed";
  if (body.includes("{secret}")) return "secret_place";
  if (written === "json" && body) {
    try {
      JSON.parse(filled(body, { to: "+15550100", text: 'a "b" \\ \n', key: "k" }, "json"));
    } catch {
      return "json";
    }
  }
  const all = draft.url + body;
  if (!all.includes("{to}")) return "place_to";
  return all.includes("{text}") ? undefined : "place_text";
}

/** Whether somebody else changed it since it was opened; what is secret nobody sees. */
export const changedSince = (opened: MessageGateway | undefined, now: MessageGateway | undefined): boolean =>
  JSON.stringify(sorted(opened)) !== JSON.stringify(sorted(now));

const sorted = (gateway: MessageGateway | undefined) =>
  gateway && [
    gateway.title,
    gateway.url,
    gateway.method ?? "POST",
    Object.entries(gateway.headers ?? {}).sort(),
    gateway.body ?? "",
    gateway.answer_id ?? "",
    gateway.per_second ?? 0,
    gateway.has_secret,
  ];
