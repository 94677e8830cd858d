import { describe, expect, it } from "vitest";
import { recordsSearch } from "./search";

describe("the address", () => {
  it("keeps what it knows and drops the rest", () => {
    expect(
      recordsSearch({
        record: "1",
        q: "",
        filter: { field: "a", op: "eq", value: 1 },
        sort: "no",
        deleted: "yes",
        x: 1,
      }),
    ).toEqual({ record: "1", filter: { field: "a", op: "eq", value: 1 } });
  });
});
