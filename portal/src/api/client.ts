/**
 * The one door to the server: paths are relative to `/api/v1`, answers are parsed JSON, refusals are
 * `ApiError`, a lost connection is `NetworkError`, and an ended session is asked back (`sessionGate`).
 */
import { ApiError, NetworkError, problemOf } from "./problem";
import { sessionGate } from "./session-gate";

export interface RequestOptions {
  signal?: AbortSignal;
  /** The version the caller saw; sent as `If-Match`. */
  version?: number;
  /** Makes a POST safe to repeat; made anew for every create unless given. */
  idempotencyKey?: string;
  /** Do not open the sign-in dialog on 401: the caller handles it (sign-in itself, the first `me`). */
  quiet?: boolean;
}

const base = "/api/v1";

export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  options: RequestOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (typeof document !== "undefined") headers["accept-language"] = document.documentElement.lang;
  let payload: BodyInit | undefined;
  if (body instanceof FormData || body instanceof Blob) {
    payload = body;
  } else if (body !== undefined) {
    headers["content-type"] = "application/json";
    payload = JSON.stringify(body);
  }
  if (options.version !== undefined) headers["if-match"] = `"${options.version}"`;
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;

  for (;;) {
    const response = await send(method, path, headers, payload, options.signal);
    if (response.status === 401 && !options.quiet) {
      if (await sessionGate.expired()) continue;
    }
    if (!response.ok) throw new ApiError(await problemOf(response));
    if (response.status === 204 || response.status === 205) return undefined as T;
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: BodyInit | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(base + path, { method, headers, body, signal, credentials: "same-origin" });
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

export const api = {
  get: <T>(path: string, options?: RequestOptions) => request<T>("GET", path, undefined, options),
  /** A POST that reads or acts. */
  post: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>("POST", path, body ?? {}, options),
  /** A POST that makes something: repeating it after a lost answer makes it once. */
  create: <T>(path: string, body: unknown, options: RequestOptions = {}) =>
    request<T>("POST", path, body, { ...options, idempotencyKey: options.idempotencyKey ?? newKey() }),
  put: <T>(path: string, body: unknown, options?: RequestOptions) => request<T>("PUT", path, body, options),
  patch: <T>(path: string, body: unknown, options?: RequestOptions) =>
    request<T>("PATCH", path, body, options),
  delete: <T = void>(path: string, options?: RequestOptions) =>
    request<T>("DELETE", path, undefined, options),
  /** Multipart or raw bytes (imports, packages). */
  upload: <T>(path: string, body: FormData | Blob, options: RequestOptions = {}) =>
    request<T>("POST", path, body, { ...options, idempotencyKey: options.idempotencyKey ?? newKey() }),
};
