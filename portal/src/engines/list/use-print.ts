/** Ctrl-P in a list reads the rows not read yet, so that all of them are on paper. */
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useShortcuts } from "@/ui/shortcuts";
import { progressToast, toastError } from "@/ui/toast";
import type { List } from "./use-list";

/** More than this is no longer a paper somebody reads; what is left out is said on the paper. */
export const most = 5_000;

export function usePrintAll(list: List): void {
  const { t } = useTranslation("list");
  const busy = useRef(false);
  const print = async () => {
    if (busy.current) return;
    busy.current = true;
    const total = Math.min(list.total ?? most, most);
    const note = progressToast((done, of) => t("reading_to_print", { done, total: of }));
    try {
      await list.readAll(most, (done) => note.show({ done, total }));
    } catch (error) {
      toastError(error);
    }
    note.hide();
    // The rows are drawn first.
    setTimeout(() => {
      busy.current = false;
      window.print();
    }, 50);
  };
  useShortcuts([{ key: "p", code: "KeyP", mod: true, run: () => void print() }]);
}
