import { QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { keys } from "./keys";
import { refreshFiles } from "./live-files";
import { queryClient } from "./query-client";

test("a file that comes while the first list is on its way is in the list", async () => {
  const queryKey = keys.files("lead", "1");
  const answers: ((files: string[]) => void)[] = [];
  const observer = new QueryObserver(queryClient, {
    queryKey,
    queryFn: ({ signal }) =>
      new Promise<string[]>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        answers.push(resolve);
      }),
  });
  const leave = observer.subscribe(() => undefined);
  refreshFiles("lead", "1");
  answers[0]?.([]);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.(["report.docx"]);
  await expect.poll(() => observer.getCurrentResult().data).toEqual(["report.docx"]);
  leave();
});
