/** The files of a record as a section of its card, loaded after the card. */
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { withBlockTexts } from "@/i18n";
import { CardSection } from "@/ui/panel";
import { Bone } from "@/ui/states";
import type { CardFilesProps } from "./door";

// Its words are those of the block.
const OfServer = lazy(() => withBlockTexts(() => import("./of-server")));

export function CardFiles(props: CardFilesProps) {
  const { t } = useTranslation("card");
  return (
    <CardSection title={t("files")}>
      <Suspense fallback={<Bone height={52} />}>
        <OfServer {...props} />
      </Suspense>
    </CardSection>
  );
}
