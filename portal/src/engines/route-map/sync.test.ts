import { expect, it } from "vitest";
import { type View, ViewSync } from "./sync";

class Pane {
  box = { x: 0, y: 0, width: 400, height: 300, scale: 1 };
  moves = 0;
  private readonly sync: ViewSync;
  readonly leave: () => void;
  constructor(sync: ViewSync) {
    this.sync = sync;
    this.leave = sync.add(this as unknown as View);
  }
  viewbox(box?: { x: number; y: number; width: number; height: number }) {
    if (!box) return this.box;
    // As the canvas does: its own size stays, the scale is what fits, and it tells that it moved.
    this.box = { ...box, scale: (this.box.width * this.box.scale) / box.width };
    this.moves += 1;
    this.sync.moved(this as unknown as View);
    return undefined;
  }
}

it("moves the other to the same corner and scale, once", () => {
  const sync = new ViewSync();
  const [left, right] = [new Pane(sync), new Pane(sync)];
  right.box = { x: 0, y: 0, width: 800, height: 300, scale: 1 };
  left.viewbox({ x: 50, y: -10, width: 200, height: 150 });
  expect(right.box).toEqual({ x: 50, y: -10, width: 400, height: 150, scale: 2 });
  expect([left.moves, right.moves]).toEqual([1, 1]);
});

it("leaves the other alone when they do not move together, or it is gone", () => {
  const sync = new ViewSync();
  const [left, right] = [new Pane(sync), new Pane(sync)];
  sync.together = false;
  left.viewbox({ x: 5, y: 5, width: 200, height: 150 });
  expect(right.moves).toBe(0);
  sync.together = true;
  right.leave();
  left.viewbox({ x: 6, y: 5, width: 200, height: 150 });
  expect(right.moves).toBe(0);
});
