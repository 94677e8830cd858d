/**
 * The one door to the server: paths are those of the API's description relative to `/api/v1`, and so are the
 * types of what is sent and answered. Answers are parsed JSON, refusals are `ApiError`, a lost connection is
 * `NetworkError`, and an ended session is asked back (`sessionGate`).
 */
import type { Answer, Call, CallOptions, PathOf, RequestOptions } from "./operations";
import { ApiError, NetworkError, problemOf } from "./problem";
import { sessionGate } from "./session-gate";
import { leaveEnded } from "./view-as-gate";

const base = "/api/v1";

/** Values put into a path's `{names}`, and what follows the `?`. */
export interface Place {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
}

/** The address of an operation below `/api/v1`. Parameters that are null or absent are left out. */
export function addressOf(pattern: string, { path, query }: Place = {}): string {
  const place = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path?.[name] ?? ""));
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) params.set(name, String(value));
  }
  return params.size > 0 ? `${place}?${params}` : place;
}

export async function request<T>(
  method: string,
  pattern: string,
  body: unknown,
  options: RequestOptions & Place & { raw?: boolean; bytes?: boolean; type?: string } = {},
): Promise<T> {
  const headers: Record<string, string> = {
    accept: options.raw || options.bytes ? "*/*" : "application/json",
  };
  if (typeof document !== "undefined") headers["accept-language"] = document.documentElement.lang;
  if (body !== undefined) headers["content-type"] = options.type ?? "application/json";
  if (options.version !== undefined) headers["if-match"] = `"${options.version}"`;
  if (options.link) headers["x-page-link"] = options.link;
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;
  const payload = body === undefined ? undefined : options.type ? (body as BodyInit) : JSON.stringify(body);
  const address = base + addressOf(pattern, options);

  for (;;) {
    const response = await send(method, address, headers, payload, options.signal);
    if (response.status === 401 && !options.quiet) {
      if (await sessionGate.expired()) continue;
    }
    if (!response.ok) {
      const problem = await problemOf(response);
      if (problem.code === "view_as.ended") await leaveEnded();
      throw new ApiError(problem);
    }
    if (response.status === 204 || response.status === 205) return undefined as T;
    if (options.bytes) return (await response.blob()) as T;
    const text = await response.text();
    if (options.raw) return text as T;
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

async function send(
  method: string,
  address: string,
  headers: Record<string, string>,
  body: BodyInit | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(address, { method, headers, body, signal, credentials: "same-origin" });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new NetworkError(cause);
  }
}

/** A key no other request will have. `crypto.randomUUID` exists only on HTTPS and localhost. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `options` carries the path's names under `path`, the query under `query`. */
export const api = {
  get: <P extends PathOf<"get">>(path: P, ...[options]: CallOptions<"get", P>) =>
    request<Answer<"get", P>>("GET", path, undefined, options),
  /** An answer that is no JSON, letter by letter. */
  text: <P extends PathOf<"get">>(path: P, ...[options]: CallOptions<"get", P>) =>
    request<string>("GET", path, undefined, { ...options, raw: true }),
  /** A file as it is, byte for byte. */
  file: <T>(
    method: "POST" | "PUT",
    path: string,
    body: string | Blob,
    type: string,
    options: RequestOptions & Place,
  ) => request<T>(method, path, body, { ...options, type }),
  /** A POST that reads or acts. */
  post: <P extends PathOf<"post">>(path: P, ...[body, options]: Call<"post", P>) =>
    request<Answer<"post", P>>("POST", path, body ?? {}, options),
  /** A POST whose answer is a file. */
  bytes: <P extends PathOf<"post">>(path: P, ...[body, options]: Call<"post", P>) =>
    request<Blob>("POST", path, body ?? {}, { ...options, bytes: true }),
  /** A POST that makes something: repeating it after a lost answer makes it once. */
  create: <P extends PathOf<"post">>(path: P, ...[body, options]: Call<"post", P>) =>
    request<Answer<"post", P>>("POST", path, body, {
      ...options,
      idempotencyKey: options?.idempotencyKey ?? newKey(),
    }),
  put: <P extends PathOf<"put">>(path: P, ...[body, options]: Call<"put", P>) =>
    request<Answer<"put", P>>("PUT", path, body, options),
  patch: <P extends PathOf<"patch">>(path: P, ...[body, options]: Call<"patch", P>) =>
    request<Answer<"patch", P>>("PATCH", path, body, options),
  delete: <P extends PathOf<"delete">>(path: P, ...[options]: CallOptions<"delete", P>) =>
    request<void>("DELETE", path, undefined, options),
};
