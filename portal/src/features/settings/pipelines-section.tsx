/** Pipelines, with what their stages make happen. */
import { type ComponentProps, lazy, Suspense } from "react";
import { withRuleTexts } from "@/i18n";
import { type StagePartProps, StageParts } from "./pipelines/parts";
import Pipelines from "./pipelines/pipelines";

const StageHappens = lazy(() => withRuleTexts(() => import("./stage-happens")));

const Happens = (props: StagePartProps) => (
  <Suspense>
    <StageHappens {...props} />
  </Suspense>
);

export default function PipelinesSection(props: ComponentProps<typeof Pipelines>) {
  return (
    <StageParts value={Happens}>
      <Pipelines {...props} />
    </StageParts>
  );
}
