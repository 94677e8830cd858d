/** The signed-in frame with what opens over any page: the one place where features meet. */
import { lazy, Suspense, useSyncExternalStore } from "react";
import { sessionGate } from "@/api/session-gate";
import { CardParts, CardRows, SaleParts } from "@/engines/card-parts";
import { useOpenSurface } from "@/engines/open-surface";
import { SurfaceDrawer } from "@/engines/slots";
import { Shell } from "@/features/shell/shell";
import { withBlockTexts, withDocumentTexts, withPipelineTexts, withSaleTexts, withWorkTexts } from "@/i18n";
import { useCreating } from "@/state/creating";
import { useRefused } from "@/state/refused";
import { useAhead } from "@/ui/use-ahead";

const loadCreateDialog = () => import("@/features/records/create-dialog");
const CreateDialog = lazy(loadCreateDialog);
// There before it is needed: a session may end together with the line.
const loadExpired = () => import("@/features/session/expired-dialog");
const ExpiredDialog = lazy(loadExpired);
const RefusedDialog = lazy(() => withPipelineTexts(() => import("@/features/records/refused-dialog")));
const ConvertRefused = lazy(() => withDocumentTexts(() => import("@/features/documents/convert-refused")));
const Slot = lazy(() => withBlockTexts(() => import("@/features/pages/slot")));
const Processes = lazy(() => withWorkTexts(() => import("@/features/processes/record-part")));
const SaleRows = lazy(() => withSaleTexts(() => import("@/features/sales/rows-part")));
const Sale = lazy(() => withDocumentTexts(() => import("@/features/documents/card-part")));
const Opened = lazy(() => withBlockTexts(() => import("@/features/pages/opened")));

export function SignedIn() {
  const creating = useCreating();
  const refused = useRefused();
  const surface = useOpenSurface();
  const ended = useSyncExternalStore(sessionGate.subscribe, sessionGate.isOpen);
  useAhead(loadCreateDialog, 1_500);
  useAhead(loadExpired, 1_500);
  return (
    <SurfaceDrawer value={Slot}>
      <CardParts value={Processes}>
        <CardRows value={SaleRows}>
          <SaleParts value={Sale}>
            <Shell>
              {ended && (
                <Suspense>
                  <ExpiredDialog />
                </Suspense>
              )}
              {creating && (
                <Suspense>
                  <CreateDialog creating={creating} />
                </Suspense>
              )}
              {refused && (
                <Suspense>
                  {refused.convert ? <ConvertRefused move={refused} /> : <RefusedDialog move={refused} />}
                </Suspense>
              )}
              {surface && (
                <Suspense>
                  <Opened opened={surface} />
                </Suspense>
              )}
            </Shell>
          </SaleParts>
        </CardRows>
      </CardParts>
    </SurfaceDrawer>
  );
}
