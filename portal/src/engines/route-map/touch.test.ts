// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { followTouch, gestureOf, type Point } from "./touch";

describe("fingers on a map", () => {
  it("one moves, two zoom around the point between them", () => {
    expect(gestureOf([{ x: 10, y: 10 }], [{ x: 25, y: 4 }])).toEqual({
      dx: 15,
      dy: -6,
      scale: 1,
      center: { x: 25, y: 4 },
    });
    const apart = gestureOf(
      [
        { x: 100, y: 100 },
        { x: 200, y: 100 },
      ],
      [
        { x: 50, y: 100 },
        { x: 250, y: 100 },
      ],
    );
    expect(apart).toEqual({ dx: 0, dy: 0, scale: 2, center: { x: 150, y: 100 } });
  });
  it("fingers on one point are no zoom", () => {
    const same = [
      { x: 5, y: 5 },
      { x: 5, y: 5 },
    ];
    expect(gestureOf(same, same).scale).toBe(1);
  });
});

describe("a frame that is touched", () => {
  const touched = () => {
    const place = document.createElement("div");
    document.body.append(place);
    const done: string[] = [];
    let level = 1;
    const stop = followTouch(place, () => ({
      zoom: (next?: number, center?: Point) => {
        if (next !== undefined) {
          level = next;
          done.push(`zoom ${next} at ${center?.x},${center?.y}`);
        }
        return level;
      },
      scroll: ({ dx, dy }) => void done.push(`scroll ${dx},${dy}`),
    }));
    let clicks = 0;
    place.addEventListener("click", () => {
      clicks += 1;
    });
    const send = (type: string, pointerId: number, clientX: number, clientY: number, pointerType = "touch") =>
      place.dispatchEvent(
        new PointerEvent(type, { pointerId, clientX, clientY, pointerType, bubbles: true, cancelable: true }),
      );
    return { place, done, stop, send, clicks: () => clicks };
  };

  it("follows one finger and takes a drag for no click", () => {
    const { place, done, send, clicks, stop } = touched();
    send("pointerdown", 1, 10, 10);
    send("pointermove", 1, 12, 11);
    expect(done).toEqual([]);
    send("pointermove", 1, 40, 11);
    expect(done).toEqual(["scroll 28,0"]);
    send("pointerup", 1, 40, 11);
    place.click();
    expect(clicks()).toBe(0);
    send("pointerdown", 1, 10, 10);
    send("pointerup", 1, 10, 10);
    place.click();
    expect(clicks()).toBe(1);
    stop();
    send("pointerdown", 1, 10, 10);
    send("pointermove", 1, 90, 90);
    expect(done).toHaveLength(1);
  });

  it("zooms with two within its limits, and leaves the mouse alone", () => {
    const { done, send } = touched();
    send("pointerdown", 1, 100, 100);
    send("pointerdown", 2, 200, 100);
    send("pointerdown", 3, 300, 300);
    send("pointermove", 2, 300, 100);
    expect(done).toEqual(["scroll 50,0", "zoom 2 at 200,100"]);
    send("pointermove", 2, 1100, 100);
    expect(done.at(-1)).toBe("zoom 4 at 600,100");
    send("pointermove", 3, 0, 0);
    expect(done).toHaveLength(4);
    send("pointerdown", 9, 0, 0, "mouse");
    send("pointermove", 9, 50, 50, "mouse");
    expect(done).toHaveLength(4);
  });
});
