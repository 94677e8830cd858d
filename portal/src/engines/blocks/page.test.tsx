// @vitest-environment happy-dom
import { act } from "react";
import { describe, expect, it } from "vitest";
import { NetworkError } from "@/api/problem";
import { backend, pass, place, settle, show } from "@/engines/testing/block-page";
import en from "@/i18n/en";
import type { AnyBlock } from "./tree";
import type { ReadResult } from "./wire";

const repeat: AnyBlock = {
  block: "repeat",
  source: "rows",
  height: 200,
  blocks: [{ block: "badges", items: [{ text: { "=": { get: [{ name: "row" }, "name"] } } }] }],
};
const rows = (...names: string[]): ReadResult[] => [
  {
    name: "rows",
    status: "ok",
    rows: names.map((name) => ({ id: name, fields: { name } })),
    fields: [],
    refs: {},
  },
];
const text = () => place.textContent ?? "";

describe("a block of a page", () => {
  it("shows its rows, or says that there are none", async () => {
    await show(
      [repeat],
      backend(() => rows("Anna", "Taras")),
    );
    expect(text()).toContain("Anna");
    expect(text()).toContain("Taras");
  });
  it("says so when there is nothing, in its own words", async () => {
    await show(
      [{ ...repeat, empty: "Nobody is away." }],
      backend(() => rows()),
    );
    expect(text()).toContain("Nobody is away.");
  });
  it("stands in its height while it loads; after two seconds it is slow and can be stopped", async () => {
    await show(
      [repeat],
      backend(() => new Promise(() => undefined)),
    );
    const bones = place.querySelector<HTMLElement>("[role=status]");
    expect(bones?.style.height).toBe("200px");
    expect(text()).not.toContain("slow");
    await pass(2_000);
    expect(text()).toContain("Leave requests is slow.");
    const cancel = [...place.querySelectorAll("button")].find((one) => one.textContent === "Cancel");
    await act(async () => cancel?.click());
    expect(text()).toContain("Stopped.");
  });
  it("of which nothing is drawn because its source fails is told of; read, the block stands there alone", async () => {
    let broken = true;
    const total = { get: [{ get: [{ name: "sources" }, "rows"] }, "total"] } as never;
    const some = { "=": { call: [">", total, 0] } } as never;
    await show(
      [{ block: "notice", text: "One is away", when: some }],
      backend(() =>
        broken
          ? [{ name: "rows", status: "error", problem: { code: "plugin.trap", detail: "It ended early." } }]
          : rows("Anna"),
      ),
    );
    expect(text()).toContain("Leave requests could not show this");
    expect(text()).toContain("It ended early.");
    broken = false;
    const again = [...place.querySelectorAll("button")].find((one) => one.textContent === "Try again");
    await act(async () => again?.click());
    await settle();
    expect(text()).not.toContain("could not show");
    expect(text()).toContain("One is away");
  });
  it("fails as a card with who, why and the request; trying again mends it, its neighbours never notice", async () => {
    let broken = true;
    const given = backend(() =>
      broken
        ? [
            {
              name: "rows",
              status: "error",
              problem: { code: "plugin.trap", detail: "It ended early.", request_id: "r-17" },
            },
          ]
        : rows("Anna"),
    );
    await show([repeat, { block: "notice", text: "Beside it" }], given);
    const card = place.querySelector("[role=alert]");
    expect(card?.textContent).toContain("Leave requests could not show this");
    expect(card?.textContent).toContain("It ended early.");
    expect(card?.textContent).toContain("Request r-17");
    expect(text()).toContain("Beside it");
    broken = false;
    const again = [...place.querySelectorAll("button")].find((one) => one.textContent === "Try again");
    await act(async () => again?.click());
    await settle();
    expect(text()).toContain("Anna");
    expect(place.querySelector("[role=alert]")).toBeNull();
  });
  it("without a line says so in words, keeps what it had with its time, and asks again when the line is back", async () => {
    let line = false;
    const given = backend(() => {
      if (!line) throw new NetworkError();
      return rows("Anna");
    });
    await show([repeat], given);
    expect(text()).toContain(en.common.network);
    expect(text()).not.toContain("could not show this");
    expect(place.querySelector("[role=alert]")?.textContent).not.toContain("network");
    line = true;
    await act(async () => window.dispatchEvent(new Event("online")));
    await settle();
    expect(text()).toContain("Anna");
    expect(place.querySelector("[role=alert]")).toBeNull();
  });
  it("that is not made right is a card that says where", async () => {
    await show(
      [{ block: "notice" } as unknown as AnyBlock, { block: "notice", text: "Beside it" }],
      backend(() => rows()),
    );
    expect(place.querySelector("[role=alert]")?.textContent).toContain("notice.text");
    expect(text()).toContain("Beside it");
  });
  it("is hidden while its condition does not hold or is not known", async () => {
    const total = { get: [{ get: [{ name: "sources" }, "rows"] }, "total"] } as never;
    const when = (least: number) => ({ "=": { call: [">", total, least] } }) as never;
    await show(
      [
        { block: "notice", text: "some", when: when(0) },
        { block: "notice", text: "many", when: when(1) },
      ],
      backend(() => rows("Anna")),
    );
    expect([text().includes("some"), text().includes("many")]).toEqual([true, false]);
  });
  it("never makes HTML of what was written", async () => {
    const markdown =
      "**bold** <img src=x onerror=alert(1)> [go](javascript:alert(1)) [web](https://example.org)";
    await show(
      [{ block: "text", markdown }],
      backend(() => rows()),
    );
    expect(place.querySelector("img")).toBeNull();
    expect([...place.querySelectorAll("a")].map((one) => one.getAttribute("href"))).toEqual([
      "https://example.org",
    ]);
    expect(place.querySelector("strong")?.textContent).toBe("bold");
    expect(text()).toContain("<img src=x onerror=alert(1)>");
  });
});

describe("a page", () => {
  it("that is too large is refused with words", async () => {
    const blocks = Array.from({ length: 301 }, (): AnyBlock => ({ block: "notice", text: "a" }));
    await show(
      blocks,
      backend(() => rows()),
    );
    expect(text()).toContain("The page has 301 blocks; the limit is 300.");
  });
});
