/** Where a page for people without an account has its data from. Of the calls of pages it has two, and one of its own. */

import { ApiError, NetworkError } from "@/api/problem";
import { actPublic, type PublicPlace, readPublic, sendPublicFile } from "@/api/public";
import type { ActAnswer, ActRequest, Backend, ReadAnswer, ViewContext } from "@/engines/blocks/wire";

const none = (): Promise<never> => Promise.reject(new Error("not on a public page"));

const kept = ({ tree_hash, params, state }: ViewContext) => ({ tree_hash, params, state });

/** `renew` is called when another tree is shown by now. */
export function publicBackend(place: PublicPlace, renew: () => Promise<unknown>): Backend {
  /** What was sent when the line was lost or the server failed, perhaps after it was done: whoever sends the same again sends it once. */
  let lost: { print: string; key: string } | undefined;
  const fresh = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ApiError && error.problem.code === "ui.stale") await renew();
      throw error;
    }
  };
  const act = async (request: ActRequest, given: string): Promise<ActAnswer> => {
    const body = { ...kept(request), act: request.act, input: request.input };
    const print = JSON.stringify(body);
    const key = lost?.print === print ? lost.key : given;
    lost = undefined;
    try {
      return (await fresh(actPublic(place, body, key))) as ActAnswer;
    } catch (error) {
      if (error instanceof NetworkError || (error instanceof ApiError && error.status >= 500)) {
        lost = { print, key };
      }
      throw error;
    }
  };
  return {
    read: (request, signal) =>
      fresh(
        readPublic(place, { ...kept(request), items: request.items as never }, signal),
      ) as Promise<ReadAnswer>,
    act,
    render: none,
    create: none,
    update: none,
    remove: none,
    stage: none,
    startProcess: none,
    completeTask: none,
    upload: (input, file) => fresh(sendPublicFile(place, input, file)),
    downloadUrl: () => "",
    file: none,
  };
}
