/** The signed-in frame with what opens over any page: the one place where features meet. */
import { lazy, Suspense } from "react";
import { ExpiredDialog } from "@/features/session/expired-dialog";
import { Shell } from "@/features/shell/shell";
import { useCreating } from "@/state/creating";
import { useAhead } from "@/ui/use-ahead";

const loadCreateDialog = () => import("@/features/records/create-dialog");
const CreateDialog = lazy(loadCreateDialog);

export function SignedIn() {
  const creating = useCreating();
  useAhead(loadCreateDialog, 1_500);
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
