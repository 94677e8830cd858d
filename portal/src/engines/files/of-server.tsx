/** The list of files on a card. */
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import type { CardFilesProps } from "./door";
import { RecordFiles } from "./record-files";

export default function OfServer(props: CardFilesProps) {
  const { t } = useTranslation("card");
  return <RecordFiles door={files} label={t("files")} {...props} />;
}
