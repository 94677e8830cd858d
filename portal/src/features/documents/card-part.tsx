/** What is sold, on a record's card: the steps its state allows, its chain of documents, what it is paid by. */
import { useQuery } from "@tanstack/react-query";
import { ownTemplatesQuery } from "@/api/own-templates";
import type { SaleCard } from "@/engines/card-parts";
import { FootButtons } from "@/ui/work";
import { ActButtons } from "./act-buttons";
import { Chain } from "./chain";
import { LeadPart } from "./lead-part";
import { MadePapers } from "./made-papers";
import { PaidBy } from "./paid-by";
import { PaperButtons } from "./paper-buttons";
import { PaymentPart } from "./payment-part";

const sold = ["deal", "quote", "order", "invoice"];

export default function SaleOnCard({ entity, record }: SaleCard) {
  if (!sold.includes(entity.key)) {
    return (
      <>
        {entity.key === "lead" && <LeadPart entity={entity} record={record} />}
        {entity.key === "payment" && <PaymentPart entity={entity} record={record} />}
        <OwnPapers entity={entity} record={record} />
      </>
    );
  }
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

/** Papers of what is no document of sale: only by templates of the company's own. */
function OwnPapers({ entity, record }: SaleCard) {
  const own = useQuery(ownTemplatesQuery);
  if (!own.data?.some((one) => one.entity === entity.key)) return null;
  return (
    <FootButtons>
      <PaperButtons key={`paper-${record.id}`} entity={entity} record={record} />
    </FootButtons>
  );
}
