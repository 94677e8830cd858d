/** Where short messages stand. What draws them is loaded after the first page, or with the first message. */
import { useNotifications } from "@mantine/notifications";
import { lazy, Suspense, useEffect, useState } from "react";

const Place = lazy(() => import("./toast-place"));

/** Milliseconds after which a first page has what it needs. */
const AFTER_MS = 1_500;

export function Toasts() {
  const said = useNotifications().notifications.length > 0;
  const [ahead, setAhead] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setAhead(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return <Suspense>{(said || ahead) && <Place position="bottom-left" limit={4} />}</Suspense>;
}
