/** The public API as any client uses it: what a test prepares or checks without the browser. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Account, Server } from "./server.ts";

export interface Row {
  id: string;
  version: number;
  fields: Record<string, unknown>;
}

export interface Answer<T> {
  status: number;
  body: T;
}

export interface Problem {
  code: string;
  detail: string;
  fields?: Record<string, { code: string; message: string }>;
}

/** One signed-in person. */
export class Api {
  private readonly server: Server;
  private readonly cookie: string;

  private constructor(server: Server, cookie: string) {
    this.server = server;
    this.cookie = cookie;
  }

  static async signIn(server: Server, account: Account = server.admin): Promise<Api> {
    const answer = await fetch(`${server.url}/api/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: server.url },
      body: JSON.stringify(account),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    return new Api(server, cookie);
  }

  /** Any request below `/api/v1`; the answer whatever its status. */
  async send<T>(method: string, path: string, body?: BodyInit | object): Promise<Answer<T>> {
    const raw = body instanceof FormData || body instanceof Uint8Array || body === undefined;
    const headers: Record<string, string> = { cookie: this.cookie, origin: this.server.url };
    if (!raw) headers["content-type"] = "application/json";
    if (body instanceof Uint8Array) headers["content-type"] = "application/octet-stream";
    const answer = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers,
      body: raw ? (body as BodyInit | undefined) : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, body: (json ? JSON.parse(text) : text) as T };
  }

  /** A request that must succeed. */
  async must<T>(method: string, path: string, body?: BodyInit | object): Promise<T> {
    const answer = await this.send<T>(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  create(entity: string, fields: Record<string, unknown>): Promise<Row> {
    return this.must("POST", `/records/${entity}`, { fields });
  }

  get(entity: string, id: string): Promise<Row> {
    return this.must("GET", `/records/${entity}/${id}`);
  }

  /** Records whose title is one of these, by title. */
  async byTitle(entity: string, titles: string[]): Promise<Map<string, Row>> {
    const filter = { field: "title", op: "in", value: titles };
    const { items } = await this.must<{ items: Row[] }>("POST", `/records/${entity}/query`, { filter, limit: 200 });
    return new Map(items.map((row) => [String(row.fields.title), row]));
  }

  /** Installs the package built from `plugins/lead-desk` and enables it with everything it asks for. */
  async enableLeadDesk(): Promise<void> {
    await this.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("lead-desk"))));
    await this.must("POST", `/plugins/${LEAD_DESK}/enable`, { grants: "requested" });
  }
}

export const LEAD_DESK = "verstak.lead-desk";

/** A package built by `cargo xtask`. */
export function packageFile(name: string): string {
  const folder = process.env.VERSTAK_PACKAGES;
  if (!folder) throw new Error("VERSTAK_PACKAGES names no folder; use `cargo xtask test browser`");
  return join(folder, `${name}.vpkg`);
}
