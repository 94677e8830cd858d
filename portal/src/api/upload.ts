/**
 * Sending a file with progress, which `fetch` cannot tell. Refusals and lost lines are the client's errors. Whatever it is
 * sent again for (a lost line, an ended session), it is one upload: the server takes it once.
 */
import { newKey } from "./client";
import type { Answer, PathOf } from "./operations";
import { ApiError, NetworkError, problemOf } from "./problem";
import { sessionGate } from "./session-gate";

export interface UploadOptions {
  /** From 0 to 1, of what was sent; 1 while the server reads the file. */
  onProgress?(share: number): void;
  signal?: AbortSignal;
  /** As in `RequestOptions`. */
  link?: string;
  /** Of the upload; the same when a person sends a file again after a lost line. */
  key?: string;
}

export async function upload<P extends PathOf<"post">>(
  path: P,
  body: FormData | Blob,
  options: UploadOptions = {},
): Promise<Answer<"post", P>> {
  const key = options.key ?? newKey();
  let lost = false;
  for (;;) {
    let response: Response;
    try {
      response = await send(path, body, key, options);
    } catch (error) {
      if (lost || !(error instanceof NetworkError)) throw error;
      lost = true;
      continue;
    }
    if (response.status === 401 && (await sessionGate.expired())) continue;
    if (!response.ok) throw new ApiError(await problemOf(response));
    return (await response.json()) as Answer<"post", P>;
  }
}

function send(path: string, body: FormData | Blob, key: string, options: UploadOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("idempotency-key", key);
    if (options.link) request.setRequestHeader("x-page-link", options.link);
    request.setRequestHeader("accept-language", document.documentElement.lang);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) options.onProgress?.(event.loaded / event.total);
    };
    request.onload = () =>
      resolve(
        new Response(request.status === 204 ? null : request.responseText, {
          status: request.status,
          statusText: request.statusText,
          headers: { "content-type": request.getResponseHeader("content-type") ?? "" },
        }),
      );
    request.onerror = () => reject(new NetworkError());
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}
