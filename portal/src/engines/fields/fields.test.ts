import { describe, expect, it } from "vitest";
import { fieldsToRead } from "@/engines/list/columns";
import type { Shape } from "@/engines/source";
import { field, shape } from "@/engines/testing/fake-source";
import { addressText, withPart } from "./address";
import { branchOf } from "./branches";
import { durationText, readDuration } from "./duration";
import { isEditable, isFillable, offeredOf } from "./kinds";
import { currencyOf, inUsualOrder } from "./money";
import { nameOf, type TextContext, textOf } from "./text";

describe("durations", () => {
  it("are hours and minutes to people, seconds on the wire", () => {
    expect([0, 60, 5_400, 90, 360_000, -1_800].map(durationText)).toEqual([
      "0:00",
      "0:01",
      "1:30",
      "0:01:30",
      "100:00",
      "−0:30",
    ]);
    expect(["1:30", "0:01:30", "2", "1,5", "1.5", " ", "0:5"].map(readDuration)).toEqual([
      5_400,
      90,
      7_200,
      5_400,
      5_400,
      null,
      300,
    ]);
    expect(["1:75", "an hour", "-1", "1:", "1h"].map(readDuration)).toEqual(Array(5).fill(undefined));
  });
});

describe("addresses", () => {
  it("are written in order, and are nothing when every part is empty", () => {
    const address = withPart(withPart(null, "city", "Riga"), "street", "Brivibas iela");
    expect(addressText(address)).toBe("Brivibas iela, Riga");
    expect(withPart(withPart(address, "city", ""), "street", "")).toBeNull();
    expect(addressText({ city: "Riga", planet: "Earth" })).toBe("Riga");
  });
});

describe("money", () => {
  const own: Shape = {
    ...shape,
    fields: [
      field("amount", "money"),
      field("currency", "choice"),
      field("deposit", "money"),
      field("deposit_currency", "currency", { part_of: "deposit" }),
    ],
  };
  const row = { amount: 5, currency: "EUR", deposit: 7, deposit_currency: "JPY" };
  const of = (key: string) => own.fields.find((one) => one.key === key) ?? field(key, "money");

  it("has the currency of the field that says so, else the record's, else the company's", () => {
    expect(currencyOf(own, of("deposit"), row, "USD")).toBe("JPY");
    expect(currencyOf(own, of("amount"), row, "USD")).toBe("EUR");
    expect(currencyOf(own, of("amount"), {}, "USD")).toBe("USD");
  });

  it("is read with its currency", () => {
    expect(fieldsToRead(own, [of("deposit")])).toEqual(["deposit", "deposit_currency"]);
    expect(fieldsToRead(own, [of("amount")])).toEqual(["amount", "currency"]);
  });
});

describe("values of a company's own fields", () => {
  const context: TextContext = {
    entity: shape,
    refs: {},
    currency: "USD",
    words: { yes: "Yes", no: "No", unknown: "?" },
  };
  it("have words", () => {
    const colours = field("colours", "choices", { choices: [{ value: "r", label: "Red" }] });
    expect(textOf(colours, ["r", "x"], context)).toBe("Red, x");
    expect(textOf(field("time", "duration"), 5_400, context)).toBe("1:30");
    expect(textOf(field("place", "address"), { city: "Riga" }, context)).toBe("Riga");
    expect(textOf(field("currency", "currency"), "EUR", context)).toBe("EUR");
  });

  it("stand in words where one of them is the title: a person, a date, a choice", () => {
    const person = field("owner", "user");
    const named: TextContext = {
      ...context,
      entity: { ...shape, title_field: "owner", fields: [person] },
      refs: { ann: { entity: "user", title: "Ann" } },
    };
    expect(nameOf(named, { owner: "ann" }, "Untitled")).toBe("Ann");
    expect(nameOf(named, {}, "Untitled")).toBe("Untitled");
    const plain = { ...shape, title_field: "name", fields: [field("name", "text")] };
    expect(nameOf({ ...context, entity: plain }, { name: "Acme" }, "Untitled")).toBe("Acme");
  });

  it("offer what is archived only where it stands already", () => {
    const source = field("source", "choice", {
      choices: [
        { value: "web", label: "Web" },
        { value: "fax", label: "Fax", archived: true },
      ],
    });
    expect(offeredOf(source, null).map((choice) => choice.value)).toEqual(["web"]);
    expect(offeredOf(source, "fax").map((choice) => choice.value)).toEqual(["web", "fax"]);
  });

  it("of a tree are called with what is above them, and a branch is taken as a whole", () => {
    const regions = field("region", "choice", {
      choices: [
        { value: "ua", label: "Ukraine" },
        { value: "kyiv", label: "Kyiv", parent: "ua" },
        { value: "podil", label: "Podil", parent: "kyiv" },
        { value: "pl", label: "Poland" },
      ],
    });
    const offered = offeredOf(regions, null);
    expect(offered.map(({ label }) => label)).toEqual([
      "Ukraine",
      "Ukraine / Kyiv",
      "Ukraine / Kyiv / Podil",
      "Poland",
    ]);
    expect(branchOf(offered, "ua")).toEqual(["ua", "kyiv", "podil"]);
    expect(branchOf(offered, "pl")).toEqual(["pl"]);
  });

  it("are not typed where they are computed or kept elsewhere", () => {
    expect(
      (["file", "formula", "record", "address", "choices"] as const).map((one) =>
        isEditable(field("x", one)),
      ),
    ).toEqual([false, false, false, true, true]);
    // What another field belongs to is set together with it: in a form and on a card, not in a cell.
    expect((["file", "formula", "record"] as const).map((one) => isFillable(field("x", one)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("currencies: the present one, the ten used most, then all others", () => {
    const all = ["AED", "EUR", "JPY", "RUB", "UAH", "USD", "ZAR"];
    expect(inUsualOrder(all, "JPY")).toEqual(["JPY", "RUB", "UAH", "EUR", "USD", "AED", "ZAR"]);
    expect(inUsualOrder(all)).toEqual(["RUB", "UAH", "EUR", "USD", "AED", "JPY", "ZAR"]);
  });
});
