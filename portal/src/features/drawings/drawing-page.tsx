/** `/processes/drawings/{id}`: edited by one at a time, looked at by others and on phones. */
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Drawing, drawingFileQuery, drawingOneQuery } from "@/api/drawings";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { useMe } from "@/api/session";
import type { Id } from "@/api/types";
import { ErrorState, PageSkeleton } from "@/ui/states";
import { toast } from "@/ui/toast";
import { readKept } from "./kept";
import type { Opened } from "./use-editor";
import { type LeaseState, useLease } from "./use-lease";
import { Watch } from "./watch";

const route = getRouteApi("/shell/processes/drawings/$id");
const WATCH_MS = 5_000;
/** What edits comes when somebody edits: on a phone never. */
const Editor = lazy(() => import("./editor"));

export default function DrawingPage() {
  const { id } = route.useParams();
  return <Shown key={id} id={id} />;
}

function Shown({ id }: { id: Id }) {
  const phone = useMediaQuery("(max-width: 899px)", false, { getInitialValueInEffect: false }) ?? false;
  const drawing = useQuery(drawingOneQuery(id));
  const { state, take, takeOver } = useLease(id, drawing.isSuccess && !phone);
  const [editing, setEditing] = useState(0);
  const mine = state.at === "mine";
  useEffect(() => {
    if (mine) setEditing((before) => before || 1);
  }, [mine]);
  if (drawing.isPending) return <PageSkeleton />;
  if (drawing.isError) return <ErrorState error={drawing.error} retry={() => void drawing.refetch()} />;
  // Taken over by another, the editor stays until what was not saved is somewhere safe.
  if (!phone && (mine || editing > 0)) {
    return (
      <Edited
        key={editing}
        id={id}
        taken={!mine}
        onGone={() => {
          setEditing(0);
          void take();
        }}
      />
    );
  }
  if (!phone && state.at === "asking") return <PageSkeleton />;
  return (
    <Watched
      drawing={drawing.data}
      phone={phone}
      state={state}
      onTake={(over) => void (over ? takeOver() : take())}
    />
  );
}

function Watched({
  drawing,
  phone,
  state,
  onTake,
}: {
  drawing: Drawing;
  phone: boolean;
  state: LeaseState;
  onTake(over: boolean): void;
}) {
  // Follows the one who draws, save by save.
  const now = useQuery({ ...drawingOneQuery(drawing.id), refetchInterval: WATCH_MS });
  const { revision } = now.data ?? drawing;
  const file = useQuery({ ...drawingFileQuery(drawing.id, revision), placeholderData: (before) => before });
  if (file.isPending) return <PageSkeleton />;
  if (file.isError) return <ErrorState error={file.error} retry={() => void file.refetch()} />;
  const fresh = now.dataUpdatedAt > 0 && now.data ? now.data : drawing;
  const lease = now.dataUpdatedAt > 0 || state.at !== "theirs" ? fresh.editing : state.lease;
  return <Watch drawing={fresh} xml={file.data} phone={phone} lease={lease} onTake={onTake} />;
}

interface EditedProps {
  id: Id;
  taken: boolean;
  /** Nothing is left here that the server has not. */
  onGone(): void;
}

/** Read from the server once: from then on the drawing is what stands on the screen. */
function Edited({ id, taken, onGone }: EditedProps) {
  const { t } = useTranslation("drawings");
  const me = useMe();
  const [opened, setOpened] = useState<Opened & { time: number }>();
  const [failed, setFailed] = useState<unknown>();
  const person = me.user.id;
  const open = useCallback(async () => {
    const drawing = await queryClient.fetchQuery({ ...drawingOneQuery(id), staleTime: 0 });
    const file = drawingFileQuery(id, "now");
    const [xml, kept] = await Promise.all([
      queryClient.fetchQuery({ ...file, staleTime: 0, gcTime: 0 }),
      readKept(person, id),
    ]);
    setOpened({
      drawing,
      xml: kept?.xml ?? xml,
      revision: kept?.revision ?? drawing.revision,
      unsaved: kept !== undefined,
      time: Date.now(),
    });
  }, [id, person]);
  useEffect(() => {
    open().catch(setFailed);
  }, [open]);
  if (failed) return <ErrorState error={failed} retry={() => location.reload()} />;
  if (!opened) return <PageSkeleton />;
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Editor
        key={opened.time}
        opened={opened}
        taken={taken}
        onReload={open}
        onAside={(revision, gone) => {
          if (revision !== undefined) toast({ message: t("aside_kept", { number: revision }), kind: "done" });
          void queryClient.invalidateQueries({ queryKey: keys.drawingRevisions(id) });
          if (gone) onGone();
          else void open().catch(setFailed);
        }}
      />
    </Suspense>
  );
}
