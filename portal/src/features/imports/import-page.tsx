/** `/imports/{id}`: one import at whatever step it stands. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { importQuery, isWorking } from "@/api/imports";
import { useEntity } from "@/api/session";
import type { Import } from "@/api/types";
import { BlockBones } from "@/ui/block";
import { PageBody, PageHeader } from "@/ui/page";
import { ErrorState } from "@/ui/states";
import { stepOf } from "./mapping";
import { MappingStep } from "./mapping-step";
import { StateMark, ToImports, WizardSteps } from "./parts";
import { ProgressStep } from "./progress-step";
import { ResultStep } from "./result-step";

const route = getRouteApi("/shell/imports/$id");

export default function ImportPage() {
  const { t } = useTranslation(["imports", "common"]);
  const { id } = route.useParams();
  const query = useQuery(importQuery(id));
  const one = query.data;
  return (
    <>
      <PageHeader
        icon={<ToImports />}
        title={one?.file_name ?? t("imports:title")}
        actions={one && <StateMark state={one.state} />}
      />
      <PageBody>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && !one && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {one && (
          <>
            <WizardSteps current={stepOf(one)} />
            <Step one={one} />
          </>
        )}
      </PageBody>
    </>
  );
}

function Step({ one }: { one: Import }) {
  const entity = useEntity(one.entity);
  if (isWorking(one)) return <ProgressStep one={one} />;
  const open = !one.batch && (one.state === "uploaded" || one.state === "checked" || one.state === "failed");
  if (open && entity) {
    const header = one.header ? `${one.header.first}-${one.header.last}` : "";
    return <MappingStep key={`${one.id}.${one.state}.${header}`} one={one} entity={entity} />;
  }
  return <ResultStep one={one} entity={entity} />;
}
