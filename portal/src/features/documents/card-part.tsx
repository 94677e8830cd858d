/** What is sold, on a record's card: the steps its state allows, its chain of documents, what it is paid by. */
import type { SaleCard } from "@/engines/card-parts";
import { FootButtons } from "@/ui/work";
import { ActButtons } from "./act-buttons";
import { Chain } from "./chain";
import { LeadPart } from "./lead-part";
import { MadePapers } from "./made-papers";
import { PaidBy } from "./paid-by";
import { PaperButtons } from "./paper-buttons";
import { PaymentPart } from "./payment-part";

export default function SaleOnCard({ entity, record }: SaleCard) {
  if (entity.key === "lead") return <LeadPart entity={entity} record={record} />;
  if (entity.key === "payment") return <PaymentPart entity={entity} record={record} />;
  return (
    <>
      <FootButtons>
        <ActButtons key={record.id} entity={entity} record={record} />
        <PaperButtons key={`paper-${record.id}`} entity={entity} record={record} />
      </FootButtons>
      {entity.key !== "deal" && <MadePapers entity={entity} record={record} />}
      <Chain entity={entity} record={record} />
      {entity.key === "invoice" && <PaidBy record={record} />}
    </>
  );
}
