import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Saved } from "@/api/drawings";
import { ApiError, NetworkError } from "@/api/problem";
import { Autosave, type SaveState } from "./autosave";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function begun(send: (xml: string, revision: number) => Promise<Saved>) {
  const states: SaveState["at"][] = [];
  const kept: (string | null)[] = [];
  let drawing = 0;
  const autosave = new Autosave(7, {
    write: async () => `<${drawing}/>`,
    send,
    keep: async (xml) => void kept.push(xml),
    told: ({ at }) => states.push(at),
    saved: () => undefined,
  });
  const draw = () => {
    drawing += 1;
    autosave.changed();
  };
  return { autosave, states, kept, draw };
}

const answer = (revision: number): Saved => ({ revision, problems: [], executable: true, lost: [] });
const refusal = (status: number, code: string, current?: object) =>
  new ApiError({ status, code, current } as never);

describe("a drawing saves itself", () => {
  it("two seconds after the last change, from the revision before; meanwhile the browser has it", async () => {
    const sent: [string, number][] = [];
    const { draw, kept, states, autosave } = begun(async (xml, revision) => {
      sent.push([xml, revision]);
      return answer(revision + 1);
    });
    draw();
    await vi.advanceTimersByTimeAsync(1_500);
    draw();
    await vi.advanceTimersByTimeAsync(1_999);
    expect([sent, kept]).toEqual([[], ["<1/>", "<2/>"]]);
    await vi.advanceTimersByTimeAsync(1);
    expect([sent, kept.at(-1), autosave.revision]).toEqual([[["<2/>", 7]], null, 8]);
    expect(states).toEqual(["changed", "changed", "saving", "saved"]);
  });

  it("a page that goes keeps at once what is not saved, and nothing when all is", async () => {
    const { draw, kept, autosave } = begun(async (_, revision) => answer(revision + 1));
    autosave.keepNow();
    draw();
    autosave.keepNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(kept).toEqual(["<1/>"]);
    await vi.advanceTimersByTimeAsync(2_000);
    autosave.keepNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(kept).toEqual(["<1/>", null]);
  });

  it("somebody who never stops drawing is saved within fifteen seconds", async () => {
    const send = vi.fn(async (_: string, revision: number) => answer(revision + 1));
    const { draw } = begun(send);
    for (let second = 0; second < 16; second += 1) {
      draw();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("what changed while it was on its way is saved next", async () => {
    const sent: string[] = [];
    let come = () => {};
    const { draw } = begun(async (xml, revision) => {
      sent.push(`${xml} ${revision}`);
      if (sent.length === 1) await new Promise<void>((done) => (come = done));
      return answer(revision + 1);
    });
    draw();
    await vi.advanceTimersByTimeAsync(2_000);
    draw();
    come();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent).toEqual(["<1/> 7", "<2/> 8"]);
  });

  it("without a line it says so, keeps it and tries again", async () => {
    let line = false;
    const { draw, states, kept, autosave } = begun(async (_, revision) => {
      if (!line) throw new NetworkError();
      return answer(revision + 1);
    });
    draw();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([states.at(-1), kept, autosave.dirty]).toEqual(["offline", ["<1/>"], true]);
    line = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([states.at(-1), autosave.dirty]).toEqual(["saved", false]);
  });

  it("over another's revision it waits for a decision, and goes on upon it", async () => {
    const sent: number[] = [];
    const { draw, autosave, states, kept } = begun(async (_, revision) => {
      sent.push(revision);
      if (revision < 9) throw refusal(409, "drawing.changed", { revision: 9 });
      return answer(10);
    });
    draw();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toEqual({ at: "conflict", revision: 9 });
    draw();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sent, kept.at(-1)], "asked once, kept always").toEqual([[7], "<2/>"]);
    expect(await autosave.goOn(9)).toBe(true);
    expect([sent, states.at(-1), kept.at(-1)]).toEqual([[7, 9], "saved", null]);
  });

  it("taken over it stops; kept aside it is settled", async () => {
    const { draw, autosave, kept } = begun(async () => {
      throw refusal(409, "drawing.leased");
    });
    draw();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([autosave.state.at, autosave.dirty, await autosave.flush()]).toEqual(["taken", true, false]);
    await autosave.settle();
    expect([autosave.state.at, autosave.dirty, kept.at(-1)]).toEqual(["saved", false, null]);
  });

  it("what the server does not take is said, not repeated", async () => {
    const send = vi.fn(async () => {
      throw refusal(413, "file.too_large");
    });
    const { draw, autosave } = begun(send);
    draw();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([autosave.state.at, send.mock.calls.length]).toEqual(["refused", 1]);
  });
});
