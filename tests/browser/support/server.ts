/** A real server on a fresh folder and a free port, with one company and its admin; stopped and removed at the end. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Account {
  email: string;
  password: string;
}

export interface Server {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  /** The folder of the data. */
  data: string;
  admin: Account;
  /** Everything the server wrote. */
  log: string;
  stop(): Promise<void>;
}

const ADMIN: Account = { email: "admin@acme.example", password: "browser tests need a long password" };
const STARTED_IN_MS = 60_000;

/**
 * Makes the company and starts the server; ready when its own health check says so. With `clock` its time may be moved.
 * `settings` are variables of its environment; `{address}` in them is where it listens.
 */
export async function startServer(
  company: string,
  clock = false,
  settings: Record<string, string> = {},
): Promise<Server> {
  const binary = process.env.VERSTAK_BIN;
  if (!binary) throw new Error("VERSTAK_BIN names no server; use `cargo xtask test browser`");
  const data = mkdtempSync(join(tmpdir(), "verstak-browser-"));
  const address = `127.0.0.1:${await freePort()}`;
  try {
    makeCompany(binary, data, company);
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw error;
  }
  const log = logFile(address);
  const words = ["serve", "--data", data, "--listen", address, ...(clock ? ["--test-clock"] : [])];
  const named = Object.entries(settings).map(([name, value]) => [name, value.replace("{address}", address)]);
  const env = { ...process.env, ...Object.fromEntries(named) };
  const child = spawn(binary, words, { stdio: ["ignore", "pipe", "pipe"], env });
  const file = createWriteStream(log);
  child.stdout.pipe(file);
  child.stderr.pipe(file);
  const server: Server = { url: `http://${address}`, data, admin: ADMIN, log, stop: () => stop(child, data) };
  try {
    await ready(server, child);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

function makeCompany(binary: string, data: string, company: string): void {
  const words = ["init", "--data", data, "--tenant", company, "--admin", ADMIN.email, "--password-stdin", "--locale", "en"];
  const made = spawnSync(binary, words, { input: `${ADMIN.password}\n`, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`verstak ${words.join(" ")} ended with ${made.status}:\n${made.stdout}${made.stderr}`);
}

function logFile(address: string): string {
  const folder = join(process.env.VERSTAK_BROWSER_OUTPUT ?? "../../target/browser", "logs");
  mkdirSync(folder, { recursive: true });
  return join(folder, `server-${address.split(":")[1]}.log`);
}

async function ready(server: Server, child: ChildProcess): Promise<void> {
  const until = Date.now() + STARTED_IN_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}; see ${server.log}`);
    const answer = await fetch(`${server.url}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`the server was not ready after ${STARTED_IN_MS} ms; see ${server.log}`);
}

async function stop(child: ChildProcess, data: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }
  rmSync(data, { recursive: true, force: true });
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? found(address.port) : failed(new Error("no port"))));
    });
  });
}
