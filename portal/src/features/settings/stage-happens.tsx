/** What a stage makes happen: its task and its actions, loaded with the form of a stage. */
import type { StagePartProps } from "./pipelines/parts";
import { ActsPart } from "./stage-acts";
import { ContractPart } from "./stage-contract";

export default function StageHappens(props: StagePartProps) {
  return (
    <>
      <ContractPart {...props} />
      <ActsPart {...props} />
    </>
  );
}
