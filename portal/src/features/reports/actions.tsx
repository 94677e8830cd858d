/** What can be done with a report: keep it, share it, have it sent, take it away, put it on paper. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconClock,
  IconCopy,
  IconDeviceFloppy,
  IconDots,
  IconDownload,
  IconPencil,
  IconPrinter,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { measuresQuery } from "@/api/reports";
import type { SavedInput, SavedReport } from "@/api/reports-wire";
import { deleteSaved, updateSaved } from "@/api/saved-reports";
import { Confirm } from "@/ui/confirm";
import { IconText } from "@/ui/page";
import { toast, toastError } from "@/ui/toast";
import { takeAway } from "./export";

const SaveForm = lazy(() => import("./save-form"));
const Schedules = lazy(() => import("./schedules"));

interface Props {
  content: Pick<SavedInput, "kind" | "config" | "chart">;
  /** What it says: its name until it has one. */
  sentence: string;
  report?: SavedReport;
  /** Whether it is asked otherwise than it was kept. */
  changed: boolean;
}

export function ReportActions({ content, sentence, report, changed }: Props) {
  const { t } = useTranslation(["reports", "common"]);
  const navigate = useNavigate();
  const measures = useQuery(measuresQuery).data?.items ?? [];
  const [open, setOpen] = useState<"save" | "about" | "schedules" | "delete" | null>(null);
  const name = report?.name ?? sentence;
  const close = () => setOpen(null);
  const show = ({ id }: SavedReport) =>
    void navigate({ to: "/reports/saved/$id", params: { id }, search: {}, replace: true });
  const save = useMutation({
    mutationFn: (to: SavedReport) => updateSaved(to, { config: content.config, chart: content.chart }),
    onSuccess: (saved) => {
      toast({ message: t("common:saved"), kind: "done" });
      show(saved);
    },
    onError: (error) => {
      // Somebody else was faster: the next attempt goes over what stands there now.
      if (report) void queryClient.invalidateQueries({ queryKey: keys.savedReport(report.id) });
      toastError(error, t("reports:not_saved"));
    },
  });
  const remove = useMutation({
    mutationFn: (gone: SavedReport) => deleteSaved(gone),
    onSuccess: () => void navigate({ to: "/reports" }),
    onError: (error) => toastError(error),
  });
  const editable = report?.may_edit === true;
  return (
    <>
      {(changed || !report) && (
        <Button
          aria-label={t(editable ? "common:save" : "reports:save_new")}
          loading={save.isPending}
          onClick={() => (report && editable ? save.mutate(report) : setOpen("save"))}
        >
          <IconText icon={<IconDeviceFloppy size={16} />}>{t("common:save")}</IconText>
        </Button>
      )}
      <Menu width={240} position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={t("reports:more")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {report && (
            <>
              {editable && (
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setOpen("about")}>
                  {t("reports:rename_share")}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => setOpen("save")}>
                {t("reports:save_as")}
              </Menu.Item>
              <Menu.Item leftSection={<IconClock size={16} />} onClick={() => setOpen("schedules")}>
                {t("reports:by_mail")}
              </Menu.Item>
              <Menu.Divider />
            </>
          )}
          {(["xlsx", "csv"] as const).map((format) => (
            <Menu.Item
              key={format}
              leftSection={<IconDownload size={16} />}
              onClick={() =>
                void takeAway({ kind: content.kind, config: content.config }, format, name.slice(0, 80))
              }
            >
              {t(`reports:export_${format}`)}
            </Menu.Item>
          ))}
          <Menu.Item leftSection={<IconPrinter size={16} />} onClick={() => window.print()}>
            {t("reports:print")}
          </Menu.Item>
          {editable && (
            <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setOpen("delete")}>
              {t("common:delete")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {(open === "save" || open === "about") && (
          <SaveForm
            report={open === "about" ? report : undefined}
            suggested={report ? t("reports:copy_of", { name: report.name }) : sentence}
            content={content}
            onClose={close}
            onSaved={(saved) => {
              close();
              if (open === "save") show(saved);
            }}
          />
        )}
        {open === "schedules" && report && <Schedules report={report} measures={measures} onClose={close} />}
      </Suspense>
      {open === "delete" && report && (
        <Confirm
          title={t("reports:delete_title", { name: report.name })}
          text={t("reports:delete_text")}
          yes={t("common:delete")}
          no={t("common:cancel")}
          close={t("common:close")}
          danger
          pending={remove.isPending}
          onYes={() => remove.mutate(report)}
          onNo={close}
        />
      )}
    </>
  );
}
