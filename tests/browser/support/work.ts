/** Processes to work in: a template with its roles, an instance about a deal. */
import { Api } from "./api.ts";
import type { Server } from "./server.ts";

interface Made {
  id: string;
}

/** Takes the dealer's template with the roles it speaks of; the administrator has them all, so their tasks are theirs. */
export async function publishDealer(server: Server): Promise<Api> {
  const api = await Api.signIn(server);
  const { items } = await api.must<{ items: { key: string; roles: { key: string; name: string }[] }[] }>("GET", "/process-templates");
  const wanted = items.find(({ key }) => key === "dealer-purchase")?.roles ?? [];
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const ids = roles.filter(({ key }) => key === "admin").map(({ id }) => id);
  for (const { key, name } of wanted) {
    const known = roles.find((role) => role.key === key);
    ids.push(known ? known.id : (await api.must<Made>("POST", "/roles", { key, name, access: {} })).id);
  }
  const me = await api.must<{ user: Made }>("GET", "/me");
  await api.must("PATCH", `/users/${me.user.id}`, { roles: ids });
  await api.must("POST", "/process-templates/dealer-purchase/deploy?publish=true");
  return api;
}

export interface Begun {
  /** The instance. */
  id: string;
  deal: string;
  /** Its first task. */
  task: string;
}

/** Starts it about a new deal. */
export async function startDealer(api: Api, title: string, variables: object = {}): Promise<Begun> {
  const deal = await api.create("deal", { title, amount: 500 });
  const subject = { entity: "deal", id: deal.id };
  const { id } = await api.must<Made>("POST", "/process-instances", { definition: "dealer-purchase", subject, variables });
  const { items } = await api.must<{ items: Made[] }>("GET", `/tasks?instance=${id}&state=open`);
  return { id, deal: deal.id, task: items[0]?.id ?? "" };
}
