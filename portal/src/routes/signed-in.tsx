/** The signed-in frame with what opens over any page: the one place where features meet. */
import { lazy, Suspense } from "react";
import { CardParts, CardRows, SaleParts } from "@/engines/card-parts";
import { useOpenSurface } from "@/engines/open-surface";
import { SurfaceDrawer } from "@/engines/slots";
import { ExpiredDialog } from "@/features/session/expired-dialog";
import { Shell } from "@/features/shell/shell";
import { withAdminTexts, withDocumentTexts, withPipelineTexts, withSaleTexts, withWorkTexts } from "@/i18n";
import { useCreating } from "@/state/creating";
import { useRefused } from "@/state/refused";
import { useAhead } from "@/ui/use-ahead";

const loadCreateDialog = () => import("@/features/records/create-dialog");
const CreateDialog = lazy(loadCreateDialog);
const RefusedDialog = lazy(() => withPipelineTexts(() => import("@/features/records/refused-dialog")));
const Slot = lazy(() => withAdminTexts(() => import("@/features/pages/slot")));
const Processes = lazy(() => withWorkTexts(() => import("@/features/processes/record-part")));
const SaleRows = lazy(() => withSaleTexts(() => import("@/features/sales/rows-part")));
const Sale = lazy(() => withDocumentTexts(() => import("@/features/documents/card-part")));
const Opened = lazy(() => withAdminTexts(() => import("@/features/pages/opened")));

export function SignedIn() {
  const creating = useCreating();
  const refused = useRefused();
  const surface = useOpenSurface();
  useAhead(loadCreateDialog, 1_500);
  return (
    <SurfaceDrawer value={Slot}>
      <CardParts value={Processes}>
        <CardRows value={SaleRows}>
          <SaleParts value={Sale}>
            <Shell>
              <ExpiredDialog />
              {creating && (
                <Suspense>
                  <CreateDialog creating={creating} />
                </Suspense>
              )}
              {refused && (
                <Suspense>
                  <RefusedDialog move={refused} />
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
