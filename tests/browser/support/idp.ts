/** A provider of identity (OpenID Connect) whose page asks who one is and believes it. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Idp {
  /** Its issuer. */
  url: string;
  stop(): void;
}

export const CLIENT = { id: "crm", secret: "a secret of the client" };

/** Knows these people by their names on its page; each has an e-mail that is verified. */
export async function startIdp(people: Record<string, string>): Promise<Idp> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const promises = new Map<string, { name: string; asked: URLSearchParams }>();
  let made = 0;
  const listener = createServer((request, response) => void answer(request, response));
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/realms/acme`;

  const token = (name: string, asked: URLSearchParams): string => {
    const now = Math.floor(Date.now() / 1_000);
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const claims = {
      iss: url,
      aud: CLIENT.id,
      sub: `subject of ${name}`,
      iat: now,
      exp: now + 300,
      nonce: asked.get("nonce"),
      name,
      email: people[name],
      email_verified: true,
    };
    const content = `${part({ alg: "RS256", kid: "one" })}.${part(claims)}`;
    return `${content}.${sign("RSA-SHA256", Buffer.from(content), privateKey).toString("base64url")}`;
  };

  const exchange = (authorization: string | undefined, form: URLSearchParams): [number, object] => {
    const named = Buffer.from(`${CLIENT.id}:${CLIENT.secret.replaceAll(" ", "+")}`).toString("base64");
    if (authorization !== `Basic ${named}`) return [401, { error: "invalid_client" }];
    const code = form.get("code") ?? "";
    const promise = promises.get(code);
    promises.delete(code);
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!promise || promise.asked.get("code_challenge") !== challenge) return [400, { error: "invalid_grant" }];
    return [200, { token_type: "Bearer", access_token: "x", id_token: token(promise.name, promise.asked) }];
  };

  /** One link for each person it knows. */
  const page = (asked: URLSearchParams): string => {
    const links = Object.keys(people).map((name) => {
      const code = `code-${made++}`;
      promises.set(code, { name, asked });
      const back = new URL(asked.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", asked.get("state") ?? "");
      return `<p><a href="${back.href.replaceAll("&", "&amp;")}">Continue as ${name}</a></p>`;
    });
    return `<!doctype html><html lang="en"><title>Acme ID</title><h1>Who are you?</h1>${links.join("")}</html>`;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (pathname === "/realms/acme/.well-known/openid-configuration") {
      json(200, {
        issuer: url,
        authorization_endpoint: `${url}/go`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
      });
    } else if (pathname === "/realms/acme/keys") {
      json(200, { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig" }] });
    } else if (pathname === "/realms/acme/go") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page(searchParams));
    } else if (pathname === "/realms/acme/token") {
      let body = "";
      for await (const piece of request) body += piece;
      json(...exchange(request.headers.authorization, new URLSearchParams(body)));
    } else response.writeHead(404).end();
  };

  return { url, stop: () => void listener.close() };
}
