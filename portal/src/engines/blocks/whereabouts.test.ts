import { afterEach, expect, it, vi } from "vitest";
import { whereabouts } from "./whereabouts";

afterEach(() => void vi.useRealTimers());

type Ask = Geolocation["getCurrentPosition"];
const browser = (getCurrentPosition: Ask) => ({ getCurrentPosition }) as Geolocation;

it("tells the place, and nothing of what else the browser knows", async () => {
  const coords = { latitude: 50.45, longitude: 30.52, accuracy: 20, altitude: 180, speed: 3, heading: null };
  const knows = browser((done) => done({ coords, timestamp: 0 } as unknown as GeolocationPosition));
  expect(await whereabouts(knows)).toEqual({ latitude: 50.45, longitude: 30.52, accuracy: 20 });
});

it("is nothing where the person does not let it, or there is no such thing", async () => {
  expect(
    await whereabouts(browser((_, refused) => refused?.({} as GeolocationPositionError))),
  ).toBeUndefined();
  expect(await whereabouts(null)).toBeUndefined();
});

it("waits for nobody who does not answer", async () => {
  vi.useFakeTimers();
  const asked = whereabouts(browser(() => undefined));
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await asked).toBeUndefined();
});
