/** The rest of a list, page by page. A page that did not come is said, and asked for again by the same button. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";

interface Props {
  /** As react-query has it. */
  of: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    error: unknown;
    fetchNextPage(): Promise<unknown>;
  };
  label: string;
  /** In a narrow column. */
  wide?: boolean;
}

export function ShowMore({ of, label, wide }: Props) {
  const { t } = useTranslation("common");
  if (!of.hasNextPage) return null;
  return (
    <div>
      <Button
        variant="subtle"
        color="gray"
        fullWidth={wide}
        loading={of.isFetchingNextPage}
        onClick={() => void of.fetchNextPage()}
      >
        {label}
      </Button>
      {of.isFetchNextPageError && <p role="alert">{messageOf(of.error, t("network"))}</p>}
    </div>
  );
}
