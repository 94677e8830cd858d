/** A picture by its name, of the closed set that plugins and administrators choose from: loaded with the first of them. */
import { lazy, type ReactNode, Suspense } from "react";

const SurfaceIcon = lazy(() => import("./surface-icons"));

interface Props {
  name?: string | null;
  size: number;
  /** Stands where no picture was chosen, and until it is there. */
  instead: ReactNode;
}

export function NamedIcon({ name, size, instead }: Props) {
  if (!name) return instead;
  return (
    <Suspense fallback={instead}>
      <SurfaceIcon name={name} size={size} />
    </Suspense>
  );
}
