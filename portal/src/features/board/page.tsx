/** Being built. */
import { PageSkeleton } from "@/ui/states";

export default function Page() {
  return <PageSkeleton />;
}
