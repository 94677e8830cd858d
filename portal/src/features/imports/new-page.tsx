/** `/imports/new`: choosing the file. */
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { PageBody, PageHeader } from "@/ui/page";
import { ToImports, WizardSteps } from "./parts";
import { UploadStep } from "./upload-step";

const route = getRouteApi("/shell/imports/new");

export default function NewImportPage() {
  const { t } = useTranslation("imports");
  const { entity } = route.useSearch();
  return (
    <>
      <PageHeader icon={<ToImports />} title={t("new")} />
      <PageBody>
        <WizardSteps current={0} />
        <UploadStep entity={entity} />
      </PageBody>
    </>
  );
}
