/**
 * `/g#token`: what somebody without an account sees of a record by a personal link, comments on and answers. The token
 * stays in the address bar, so that the page can be kept and opened again; no server is told of what stands behind `#`.
 */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { type GuestView, guestQuery, paperOfGuest } from "@/api/guests";
import { ApiError, messageOf } from "@/api/problem";
import { FieldValue } from "@/engines/fields/value";
import { currentLocale } from "@/i18n";
import { formatDateTime, formatMoney, formatNumber } from "@/i18n/format";
import { Block, type Column, DataTable, Facts, Notice } from "@/ui/block";
import { GuestComment, GuestComments, GuestSheet } from "@/ui/guest";
import { IconText } from "@/ui/page";
import { SignInCard } from "@/ui/sign-in";
import { PageSkeleton } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { AnswerForm, CommentForm } from "./guest-forms";
import { guestShape, shownOf } from "./guest-model";
import { Languages } from "./languages";

export default function GuestPage() {
  const { t } = useTranslation(["guests", "common"]);
  // Another link put into the same tab changes nothing but this.
  const token = useLocation({ select: ({ hash }) => hash });
  const view = useQuery(guestQuery(token, currentLocale()));
  const title = view.data?.title;
  useEffect(() => {
    document.title = title ?? "Verstak";
  }, [title]);
  if (view.isPending) return <PageSkeleton />;
  const gone = view.error instanceof ApiError && view.error.status === 404;
  // A line that is lost for a moment takes away nothing that is being written.
  if (view.isError && (gone || !view.data)) {
    return (
      <SignInCard
        title={gone ? t("guests:gone") : t("guests:failed")}
        subtitle={gone ? t("guests:gone_text") : messageOf(view.error, t("common:network"))}
        below={<Languages />}
      >
        {!gone && <Button onClick={() => void view.refetch()}>{t("common:retry")}</Button>}
      </SignInCard>
    );
  }
  return <Sheet key={token} token={token} view={view.data} />;
}

function Sheet({ token, view }: { token: string; view: GuestView }) {
  const { t } = useTranslation(["guests", "common"]);
  const words = { yes: t("common:yes"), no: t("common:no"), unknown: "" };
  const facts = view.fields.flatMap((one) => {
    const shown = shownOf(one);
    if (!shown) return [];
    const { currency, ...rest } = shown;
    const context = { entity: guestShape, refs: {}, currency, words };
    return [{ label: one.label, value: <FieldValue {...rest} context={context} /> }];
  });
  const answered = view.comments.findLast(({ answer }) => answer);
  return (
    <GuestSheet title={view.title} subtitle={`${view.company} · ${view.entity}`} below={<Languages />}>
      {answered && !view.asks && (
        <Notice tone={answered.answer === "accepted" ? "ok" : "warn"}>
          {t(answered.answer === "accepted" ? "guests:accepted" : "guests:declined", {
            name: answered.author,
            at: formatDateTime(answered.at),
          })}
        </Notice>
      )}
      {facts.length > 0 && <Facts items={facts} />}
      {view.rows.length > 0 && <Rows view={view} />}
      {view.paper && <Paper token={token} />}
      {view.asks && <AnswerForm token={token} />}
      {(view.comments.length > 0 || view.scope !== "view") && (
        <Block title={t("guests:discussion")}>
          <GuestComments>
            {view.comments.map((one) => (
              <GuestComment key={one.id} author={one.author} at={formatDateTime(one.at)}>
                {one.text && <p>{one.text}</p>}
              </GuestComment>
            ))}
          </GuestComments>
          {view.scope !== "view" && <CommentForm token={token} />}
        </Block>
      )}
      <small>{t("guests:until", { name: view.made_by, at: formatDateTime(view.expires) })}</small>
    </GuestSheet>
  );
}

type Row = GuestView["rows"][number] & { place: string };

function Rows({ view }: { view: GuestView }) {
  const { t } = useTranslation("guests");
  const currency = view.sums?.currency ?? "";
  const money = (value: number | null | undefined) =>
    value === null || value === undefined
      ? "–"
      : currency
        ? formatMoney(value, currency)
        : formatNumber(value);
  const columns: Column<Row>[] = [
    { key: "title", label: t("row"), grow: true, render: ({ title }) => title },
    {
      key: "quantity",
      label: t("quantity"),
      numeric: true,
      render: ({ quantity, unit }) => `${formatNumber(quantity, 4)} ${unit}`.trim(),
    },
    { key: "price", label: t("price"), numeric: true, render: ({ price }) => money(price) },
    { key: "total", label: t("total"), numeric: true, render: ({ total }) => money(total) },
  ];
  const rows = view.rows.map((row, index) => ({ ...row, place: String(index) }));
  return (
    <Block title={t("rows")}>
      <DataTable label={t("rows")} columns={columns} rows={rows} keyOf={({ place }) => place} />
      {view.sums && (
        <Facts
          items={[
            { label: t("net"), value: money(view.sums.net) },
            { label: t("tax"), value: money(view.sums.tax) },
            { label: t("amount"), value: money(view.sums.amount) },
          ]}
        />
      )}
    </Block>
  );
}

function Paper({ token }: { token: string }) {
  const { t } = useTranslation("guests");
  const load = useMutation({
    mutationFn: async () => {
      const paper = await paperOfGuest(token);
      const address = URL.createObjectURL(paper);
      const link = document.createElement("a");
      link.href = address;
      link.download = paper.type === "application/pdf" ? "document.pdf" : "document.docx";
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
    onError: (error) => toastError(error),
  });
  return (
    <Button variant="default" loading={load.isPending} onClick={() => load.mutate()}>
      <IconText icon={<IconDownload size={16} />}>{t("paper")}</IconText>
    </Button>
  );
}
