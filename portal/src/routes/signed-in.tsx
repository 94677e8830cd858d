/** The signed-in frame with what opens over any page: the one place where features meet. */
import { lazy, Suspense } from "react";
import { ExpiredDialog } from "@/features/session/expired-dialog";
import { Shell } from "@/features/shell/shell";
import { useCreating } from "@/state/creating";

const CreateDialog = lazy(() => import("@/features/records/create-dialog"));

export function SignedIn() {
  const creating = useCreating();
  return (
    <Shell>
      <ExpiredDialog />
      {creating && (
        <Suspense>
          <CreateDialog creating={creating} />
        </Suspense>
      )}
    </Shell>
  );
}
