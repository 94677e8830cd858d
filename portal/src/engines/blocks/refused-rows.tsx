/** Rows that were refused, each by its title with the reason: the first of them and how many more. */
import { useTranslation } from "react-i18next";
import type { RefusedRow } from "./verbs";

const most = 5;

export function RefusedRows({ said, rows }: { said?: string; rows: RefusedRow[] }) {
  const { t } = useTranslation("blocks");
  const more = rows.length - most;
  return (
    <>
      {said && <div>{said}</div>}
      {rows.slice(0, most).map(({ id, title, reason }) => (
        <div key={id}>{title ? `${title}: ${reason}` : reason}</div>
      ))}
      {more > 0 && <div>{t("and_more", { count: more })}</div>}
    </>
  );
}
