/** Whether the screen is a phone's. */
import { useMediaQuery } from "@mantine/hooks";

/** Narrower than this a row is a card. */
export function usePhone(): boolean {
  return useMediaQuery("(max-width: 767px)", false, { getInitialValueInEffect: false });
}
