import { expect, it } from "vitest";
import { dkimRecord } from "./dkim";

const pem = (der: string) =>
  `-----BEGIN PUBLIC KEY-----\n${der.match(/.{1,64}/g)?.join("\n")}\n-----END PUBLIC KEY-----\n`;
const ed25519 = "MCowBQYDK2VwAyEAqo7yWWs821Nb8z6+oIyZZ4NEoPh2Qm4GM4rGN3wNpSA=";
const rsa =
  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdPNRV3yC54oBoLwivQJZj3JQncj2OP5Zant71xz1OUmabzVjO3aht7o7M2z3zkEqcQqDDC0wU31wGuYNEJwVUjlHrjK4sohlnQ8Jff9rWmopIIWNW6Eiu0BRESPkqWaI0FRyubCXfPlpFj7Yua9RcSwIYXUcO7TqOEn5waFcNawIDAQAB";

it("has the key as it is for RSA, and the key alone for Ed25519", () => {
  expect(dkimRecord(" Acme.Example ", "s1", pem(rsa))).toEqual({
    name: "s1._domainkey.acme.example",
    value: `v=DKIM1; k=rsa; p=${rsa}`,
  });
  expect(dkimRecord("acme.example", "s2", pem(ed25519))).toEqual({
    name: "s2._domainkey.acme.example",
    value: "v=DKIM1; k=ed25519; p=qo7yWWs821Nb8z6+oIyZZ4NEoPh2Qm4GM4rGN3wNpSA=",
  });
  expect(dkimRecord("acme.example", "s1", rsa), "without its frame").toHaveProperty("value");
});

it("says what is wrong, the secret key first of all", () => {
  expect(dkimRecord("acme.example", "s1", pem(rsa).replaceAll("PUBLIC", "RSA PRIVATE"))).toBe("private");
  expect(dkimRecord("acme", "s1", rsa)).toBe("domain");
  expect(dkimRecord("acme..example", "s1", rsa)).toBe("domain");
  expect(dkimRecord("acme.example", "s 1", rsa)).toBe("selector");
  expect(dkimRecord("acme.example", "s1", "not a key")).toBe("key");
  expect(dkimRecord("acme.example", "s1", "A".repeat(100))).toBe("key");
});
