import { expect, it } from "vitest";
import { hold, readHeld } from "./layout-held";
import type { LayoutDraft } from "./layout-model";

const draft: LayoutDraft = { rows: [], list: ["title"], card: [], form: [] };

it("is kept for each place by itself until it is saved or thrown away", () => {
  const [everybody, role] = [{ entity: "deal" }, { entity: "deal", role: "one" }];
  hold(everybody, { over: "save", draft });
  expect(readHeld(everybody)).toEqual({ over: "save", draft });
  expect(readHeld(role)).toEqual({});
  expect(readHeld({ entity: "deal", pipeline: "one" })).toEqual({});
  // Somebody else's save is looked at: what was arranged stays.
  hold(role, { aside: draft });
  expect(readHeld(role).aside).toEqual(draft);
  hold(everybody, {});
  hold(role, {});
  expect([readHeld(everybody), readHeld(role)]).toEqual([{}, {}]);
});
