/** Where a press is done, for actions that say so. */
import type { Fields } from "@/api/types";

/** Milliseconds that a press waits: also where nobody answers the browser's question. */
const longest = 15_000;

/** Where the browser says that it is: nothing where its person does not let it, or it does not know in time. */
export function whereabouts(
  of: Geolocation | null | undefined = navigator.geolocation,
): Promise<Fields | undefined> {
  return new Promise((done) => {
    if (!of) {
      done(undefined);
      return;
    }
    const late = setTimeout(() => done(undefined), longest);
    const answer = (place: Fields | undefined) => {
      clearTimeout(late);
      done(place);
    };
    of.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => answer({ latitude, longitude, accuracy }),
      () => answer(undefined),
      { enableHighAccuracy: true, timeout: longest, maximumAge: 60_000 },
    );
  });
}
