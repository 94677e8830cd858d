import { afterEach, expect, it, vi } from "vitest";
import { NetworkError } from "./problem";
import { sessionGate } from "./session-gate";
import { upload } from "./upload";

type Answer = { status: number; body: string } | "lost";

/** Stands in for the browser: answers in turn, and tells the keys that came. */
function answering(...answers: Answer[]): string[] {
  const sent: string[] = [];
  class Request {
    upload = {};
    status = 0;
    statusText = "";
    responseText = "";
    onload = () => {};
    onerror = () => {};
    open() {}
    abort() {}
    setRequestHeader(name: string, value: string) {
      if (name === "idempotency-key") sent.push(value);
    }
    getResponseHeader = () => "application/json";
    send() {
      const answer = answers.shift();
      if (!answer || answer === "lost") return this.onerror();
      this.status = answer.status;
      this.responseText = answer.body;
      this.onload();
    }
  }
  vi.stubGlobal("XMLHttpRequest", Request);
  vi.stubGlobal("document", { documentElement: { lang: "en" } });
  return sent;
}

afterEach(() => vi.unstubAllGlobals());

it("sends a file again after a lost line as the same upload", async () => {
  const keys = answering("lost", { status: 201, body: '{"id":"1"}' });
  expect(await upload("/imports", new Blob(["x"]))).toEqual({ id: "1" });
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  const others = answering({ status: 201, body: "{}" });
  await upload("/imports", new Blob(["x"]));
  expect(others[0]).not.toBe(keys[0]);
});

it("gives up when the line is lost again", async () => {
  answering("lost", "lost");
  await expect(upload("/imports", new Blob(["x"]))).rejects.toBeInstanceOf(NetworkError);
});

it("is one upload before and after the password was asked for again", async () => {
  const keys = answering({ status: 401, body: "{}" }, { status: 201, body: "{}" });
  const sending = upload("/imports", new Blob(["x"]));
  await vi.waitUntil(() => sessionGate.isOpen());
  sessionGate.settle(true);
  await sending;
  expect(new Set(keys).size).toBe(1);
});
