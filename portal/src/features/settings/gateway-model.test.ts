import { describe, expect, it } from "vitest";
import type { MessageGateway } from "@/api/messages";
import {
  changedSince,
  draftOf,
  freshDraft,
  type GatewayDraft,
  inputOf,
  keyOfTitle,
  previewOf,
  shapes,
  wrongOf,
} from "./gateway-model";

const draft = (change: Partial<GatewayDraft> = {}): GatewayDraft => ({
  ...freshDraft(),
  key: "main",
  title: "Main",
  ...change,
});
const wrong = (change: Partial<GatewayDraft>, secret = true) => wrongOf(draft(change), secret);

describe("what cannot be", () => {
  it("is nothing of what one begins with", () => {
    for (const shape of shapes)
      expect(wrongOf({ ...freshDraft(shape), key: "a", title: "A" }, true)).toEqual({});
  });
  it.each<[Partial<GatewayDraft>, Record<string, string>]>([
    [{ title: " " }, { title: "needed" }],
    [{ key: "Main gate" }, { key: "key" }],
    [{ url: "" }, { url: "needed" }],
    [{ url: "ftp://a.example.com/" }, { url: "url" }],
    [{ url: "https://{to}.example.com/" }, { url: "url_places" }],
    [{ url: "https://a.example.com/?k={secret}" }, { url: "secret_place" }],
    [{ url: "https://me:word@a.example.com/" }, { url: "secret_place" }],
    [{ url: "http://a.example.com/" }, { url: "secret_plain" }],
    [{ headers: [{ name: "host", value: "x" }] }, { "headers.0": "header" }],
    [{ headers: [{ name: "x-word", value: "слово" }] }, { "headers.0": "header" }],
    [{ headers: [{ name: "content-type", value: "image/png" }] }, { body: "kind" }],
    [{ body: '{"to": {to}, "text": "{text}"}' }, { body: "json" }],
    [{ body: '{"to": "{to}", "text": {text}}' }, { body: "json" }],
    [{ body: '{"text": "{text}"}' }, { body: "place_to" }],
    [{ body: '{"to": "{to}"}' }, { body: "place_text" }],
    [{ body: '{"to": "{to}", "text": "{text}", "k": "{secret}"}' }, { body: "secret_place" }],
    [{ answer_id: "id" }, { answer_id: "pointer" }],
    [{ per_second: "1.5" }, { per_second: "pace" }],
    [{ per_second: "1001" }, { per_second: "pace" }],
  ])("%j", (change, expected) => {
    expect(wrong(change)).toEqual(expected);
  });
  it("is a plain address only while there is a secret", () => {
    expect(wrong({ url: "http://a.example.com/" }, false)).toEqual({});
    expect(wrong({ url: "http://a.example.com/", without_secret: true })).toEqual({});
    expect(wrong({ url: "http://a.example.com/", secret: "s" }, false)).toEqual({ url: "secret_plain" });
  });
});

describe("what is sent", () => {
  it("is shown as the gateway gets it, each value written as it stands there, the secret unseen", () => {
    const sample = { to: "+380 44", text: 'He said "yes" & {to}\n' };
    expect(previewOf(draft({ secret: "s3cret" }), sample)).toBe(
      [
        "POST https://sms.example.com/messages",
        "authorization: Bearer ••••••",
        "content-type: application/json",
        "idempotency-key: 018f2b6e-0000-7000-8000-000000000001",
        "",
        '{"to": "+380 44", "text": "He said \\"yes\\" & {to}\\n", "reference": "018f2b6e-0000-7000-8000-000000000001"}',
      ].join("\n"),
    );
    expect(previewOf({ ...draft(), ...freshDraft("get") }, sample)).toContain(
      "GET https://sms.example.com/send?to=%2B380+44&text=He+said+%22yes%22+%26+%7Bto%7D%0A",
    );
    const xml = draft({
      headers: [{ name: "Content-Type", value: "text/xml; charset=utf-8" }],
      body: "<t>{text}</t>",
    });
    expect(previewOf(xml, { to: "1", text: "<b>&'" })).toContain("<t>&lt;b&gt;&amp;&apos;</t>");
  });
  it("keeps the secret unless another is given or it is taken away", () => {
    expect(inputOf(draft())).not.toHaveProperty("secret");
    expect(inputOf(draft({ without_secret: true })).secret).toBe("");
    expect(inputOf(draft({ secret: "new", without_secret: true })).secret).toBe("new");
  });
  it("has no body with GET, no empty headers, and a pace of 0 where none is given", () => {
    const input = inputOf(
      draft({
        method: "GET",
        headers: [
          { name: " ", value: "" },
          { name: " a ", value: " b " },
        ],
      }),
    );
    expect(input).toMatchObject({ body: "", headers: { a: "b" }, per_second: 0 });
  });
});

describe("a gateway", () => {
  const gateway: MessageGateway = {
    key: "k",
    title: "T",
    url: "https://a",
    headers: { b: "1", a: "2" },
    has_secret: true,
  };
  it("comes back as it was", () => {
    expect(inputOf(draftOf(gateway))).toMatchObject({
      title: "T",
      url: "https://a",
      headers: { b: "1", a: "2" },
    });
  });
  it("has changed when anything that can be seen has", () => {
    expect(changedSince(gateway, { ...gateway, headers: { a: "2", b: "1" }, method: "POST" })).toBe(false);
    expect(changedSince(gateway, { ...gateway, has_secret: false })).toBe(true);
    expect(changedSince(gateway, undefined)).toBe(true);
    expect(changedSince(undefined, undefined)).toBe(false);
  });
  it("is called by its title in small letters", () => {
    expect(keyOfTitle("  SMS Center, №1 ")).toBe("sms-center-1");
  });
});
