// @vitest-environment happy-dom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, expect, it } from "vitest";
import { SwipeRow, wayOf } from "./swipe-row";

const places: HTMLElement[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

/** A row that is approved to the right and, unless it says otherwise, rejected to the left. */
async function row(rejects = true) {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const done: string[] = [];
  const place = document.createElement("div");
  document.body.append(place);
  places.push(place);
  const side = (label: string) => ({ label, run: () => void done.push(label) });
  await act(async () =>
    createRoot(place).render(
      <SwipeRow right={side("Approve")} left={rejects ? side("Reject") : undefined}>
        <button type="button" onClick={() => void done.push("opened")}>
          Olha
        </button>
      </SwipeRow>,
    ),
  );
  const button = place.querySelector("button") as HTMLButtonElement;
  const send = (type: string, x: number, y: number, pointerType = "touch") =>
    act(async () => {
      const more = { pointerId: 7, pointerType, isPrimary: true, clientX: x, clientY: y };
      button.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, ...more }));
    });
  const push = async (x: number, y = 0, pointerType = "touch", last = "pointerup") => {
    await send("pointerdown", 200, 100, pointerType);
    await send("pointermove", 200 + x / 2, 100 + y / 2, pointerType);
    await send("pointermove", 200 + x, 100 + y, pointerType);
    const behind = place.textContent?.replace("Olha", "");
    await send(last, 200 + x, 100 + y, pointerType);
    await act(async () => button.click());
    return behind;
  };
  return { done, push };
}

it("does what stands behind it when a finger pushes it far, and opens nothing", async () => {
  const { done, push } = await row();
  expect(await push(120)).toBe("Approve");
  expect(await push(-120)).toBe("Reject");
  expect(done).toEqual(["Approve", "Reject"]);
});

it("comes back when it was not far, when the finger went along the list or was taken away, and opens by a tap", async () => {
  const { done, push } = await row();
  expect(await push(60)).toBe("Approve");
  expect(done).toEqual([]);
  expect(await push(100, 140)).toBe("");
  expect(await push(120, 0, "touch", "pointercancel")).toBe("Approve");
  expect(await push(4)).toBe("");
  // A list that scrolls and a tap end with clicks of their own.
  expect(done).toEqual(["opened", "opened"]);
});

it("does not move where nothing stands, nor for a mouse", async () => {
  const { done, push } = await row(false);
  expect(await push(-120)).toBe("");
  expect(await push(120, 0, "mouse")).toBe("");
  expect(done).toEqual(["opened"]);
});

it("knows where a finger goes once it has strayed", () => {
  expect([wayOf(5, 5), wayOf(13, 2), wayOf(-30, 10), wayOf(20, 20), wayOf(2, 40)]).toEqual([
    undefined,
    "aside",
    "aside",
    "along",
    "along",
  ]);
});
