/** What each part of the panel gets: the contract as it is, and the way to change it. */
import type { Contract } from "@/engines/designer/contract";

export interface ContractProps {
  contract: Contract;
  set(patch: Partial<Contract>): void;
}
