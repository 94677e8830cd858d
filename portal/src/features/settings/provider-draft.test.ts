import { expect, test } from "vitest";
import { draftOf, inputOf, kindOf, kinds, withKind } from "./provider-draft";

test("a secret is sent when one was typed, and otherwise stays", () => {
  const draft = {
    ...draftOf(undefined),
    label: " Acme ID ",
    issuer: " https://id.acme.test ",
    client_id: "crm ",
  };
  const input = inputOf(draft);
  expect(input).toMatchObject({ label: "Acme ID", issuer: "https://id.acme.test", client_id: "crm" });
  expect("client_secret" in input || "secret" in input).toBe(false);
  const role = { ...draft, role_id: "r" };
  expect([inputOf(role).role_id, inputOf({ ...role, creates: true }).role_id]).toEqual([null, "r"]);
  expect(inputOf({ ...draft, secret: " s3cret " }).client_secret).toBe("s3cret");
});

test("nobody new is let in, and passwords stay, unless it is said", () => {
  expect(draftOf(undefined)).toMatchObject({
    creates: false,
    trusts_email: false,
    passwords: true,
    enabled: true,
  });
});

test("a kind is known by its issuer", () => {
  for (const kind of kinds) expect(kindOf(withKind(draftOf(undefined), kind).issuer)).toBe(kind);
  expect(kindOf("https://login.microsoftonline.com/0000/v2.0")).toBe("microsoft");
  expect(kindOf("https://accounts.google.com.evil.test")).toBe("another");
});
