/** A rollout as people lead it by the public API: its people, its plan, what each stage wants, days that go by. */
import { readFileSync } from "node:fs";
import { Api, packageFile, type Row } from "./api.ts";
import type { Account, Server } from "./server.ts";

export const ROLLOUT = "verstak.rollout";
/** The module that is switched on by department. */
export const PILOTED = "verstak.leave-requests";

export const pageOf = (page: string): string => `/app/${ROLLOUT}/${page}`;
export const account = (name: string): Account => ({ email: `${name}@example.org`, password: "correct horse battery" });
export const as = (server: Server, name: string): Promise<Api> => Api.signIn(server, account(name));

interface Made {
  id: string;
  key: string;
}

interface Page {
  items: Row[];
}

/** A day in so many days, as the server counts them now. */
export interface Calendar {
  /** How far the server's clock was moved, in seconds. */
  moved: number;
}

const DAY = 86_400;

export const dayOf = ({ moved }: Calendar, ahead = 0): string =>
  new Date(Date.now() + (moved + ahead * DAY) * 1_000).toISOString().slice(0, 10);

/** Lets time go by and does what is due; everybody signs in anew afterwards. */
export async function goBy(server: Server, calendar: Calendar, seconds: number): Promise<void> {
  const api = await Api.signIn(server);
  await api.must("POST", "/test/clock", { advance_seconds: seconds });
  calendar.moved += seconds;
}

/** Until the next Monday, 09:00 UTC. */
export async function untilMonday(server: Server, calendar: Calendar): Promise<void> {
  const now = new Date(Date.now() + calendar.moved * 1_000);
  const monday = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + ((8 - now.getUTCDay()) % 7 || 7), 9);
  await goBy(server, calendar, Math.ceil((monday - now.getTime()) / 1_000));
}

/** So many working days of a calendar without holidays. */
export async function workingDays(server: Server, calendar: Calendar, days: number): Promise<void> {
  const now = new Date(Date.now() + calendar.moved * 1_000);
  let [left, ahead] = [days, 0];
  while (left > 0) {
    ahead += 1;
    const weekday = (now.getUTCDay() + ahead) % 7;
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  await goBy(server, calendar, ahead * DAY);
}

/** Modules, departments and people of a company that begins a rollout. Answers the departments' ids by name. */
export async function company(api: Api): Promise<Map<string, string>> {
  for (const [id, name] of [[ROLLOUT, "rollout"], [PILOTED, "leave-requests"]] as const) {
    await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile(name))));
    await api.must("POST", `/plugins/${id}/enable`, { grants: "requested" });
  }
  const { items: roles } = await api.must<{ items: Made[] }>("GET", "/roles");
  const role = (keys: string[]) => roles.filter(({ key }) => keys.includes(key)).map(({ id }) => id);
  const departments = new Map<string, string>();
  for (const name of ["Sales", "Marketing"]) {
    departments.set(name, (await api.must<Made>("POST", "/departments", { name })).id);
  }
  const people: [string, string | undefined, ...string[]][] = [
    ["Lena", undefined, "rollout_lead", "observer"],
    ["Boris", undefined, "rollout_board"],
    ["Tanya", undefined, "rollout_team"],
    ["Sal", "Sales", "leave_employee", "rollout_member"],
    ["Mark", "Marketing", "leave_employee", "rollout_member"],
  ];
  for (const [name, department, ...keys] of people) {
    const department_id = department === undefined ? undefined : departments.get(department);
    await api.must("POST", "/users", { name, roles: role(keys), department_id, locale: "en", ...account(name.toLowerCase()) });
  }
  return departments;
}

/** What a person is called by the API. */
export async function idOf(api: Api, name: string): Promise<string> {
  const { items } = await api.must<{ items: { id: string; name: string }[] }>("GET", "/users");
  return items.find((one) => one.name === name)?.id ?? "";
}

export async function rows(api: Api, entity: string, filter?: object): Promise<Row[]> {
  const { items } = await api.must<Page>("POST", `/records/${entity}/query`, { filter, sort: [{ field: "number" }], limit: 200 });
  return items;
}

const is = (field: string, value: unknown) => ({ field, op: "eq", value });

export async function stage(api: Api, position: number): Promise<Row> {
  const [found] = await rows(api, "rollout_stage", is("position", position));
  if (!found) throw new Error(`there is no stage ${position}`);
  return found;
}

/** Finishes the tasks of a stage and ticks their items with evidence, but for the last `left` items. */
export async function work(api: Api, position: number, left = 0): Promise<void> {
  const { id } = await stage(api, position);
  const tasks = await rows(api, "task", is("rollout_stage", id));
  for (const task of tasks.filter(({ fields }) => fields.state === "open")) await api.must("POST", `/tasks/${task.id}/complete`, {});
  const ids = tasks.map((task) => task.id);
  const items = (await rows(api, "rollout_item", { field: "task", op: "in", value: ids })).filter(({ fields }) => fields.done !== true);
  for (const item of items.slice(0, items.length - left)) {
    await api.must("PATCH", `/records/rollout_item/${item.id}`, { fields: { done: true, evidence: "minutes of the meeting" } });
  }
}

/** Everybody has read what they were asked to read. */
export async function confirmAll(server: Server, names: string[]): Promise<void> {
  for (const api of [await Api.signIn(server), ...(await Promise.all(names.map((name) => as(server, name))))]) {
    const { items } = await api.must<{ items: { id: string; confirm?: boolean; confirmed_at?: string | null }[] }>("GET", "/notifications?limit=100");
    for (const { id, confirm } of items) if (confirm) await api.must("POST", `/notifications/${id}/confirm`);
  }
}
