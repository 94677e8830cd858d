/** Every save of a drawing: looked at, named (and so kept for ever), brought back. */
import { Button, Drawer, Modal } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { nameRevision, type Revision, revisionFile, revisionsQuery } from "@/api/drawings";
import { keys } from "@/api/keys";
import { messageOf } from "@/api/problem";
import type { Id } from "@/api/types";
import { RouteMap } from "@/engines/route-map/route-map";
import { formatDateTime } from "@/i18n/format";
import { Group, Line } from "@/ui/designer-panel";
import { ShowMore } from "@/ui/more";
import { CardSection } from "@/ui/panel";
import { Bone, ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { Hint, StateMark, WorkStack } from "@/ui/work";
import { Differences } from "./differences";
import { CommitText } from "./inputs";

interface Props {
  id: Id;
  current: number;
  /** What an element is called now. */
  nameOf(element: string): string;
  /** Brings a file back as the newest revision. */
  onRestore?(xml: string): Promise<void>;
  onClose(): void;
}

const none = new Map();

export function Revisions({ id, current, nameOf, onRestore, onClose }: Props) {
  const { t } = useTranslation(["drawings", "common", "processes"]);
  const query = useInfiniteQuery(revisionsQuery(id));
  const [looked, setLooked] = useState<Revision>();
  const restore = useMutation({
    mutationFn: async (revision: number) => onRestore?.(await revisionFile(id, revision)),
    onSuccess: onClose,
    onError: (error) => toastError(error),
  });
  const revisions = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={420}
      title={t("drawings:revisions")}
      closeButtonProps={{ "aria-label": t("common:close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <WorkStack>
        <Hint>{t("drawings:revisions_hint")}</Hint>
        {query.isPending && <Bone height={240} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {revisions.map((one) => (
          <Group key={one.revision} label={t("drawings:revision", { number: one.revision })}>
            <span>
              <b>{formatDateTime(one.at)}</b>
              {one.author && ` · ${one.author.name}`}{" "}
              {one.revision === current && <StateMark tone="plain">{t("drawings:revision_now")}</StateMark>}{" "}
              {one.aside && <StateMark tone="wait">{t("drawings:revision_aside")}</StateMark>}{" "}
              {one.version !== undefined && (
                <StateMark tone="done">{t("processes:version", { version: one.version })}</StateMark>
              )}
            </span>
            <CommitText
              label={t("drawings:revision_name")}
              bare
              placeholder={t("drawings:revision_name")}
              value={one.name ?? ""}
              onCommit={(name) =>
                void nameRevision(id, one.revision, name.trim() || null).catch((error) => toastError(error))
              }
            />
            <Line>
              <Button variant="default" size="compact-sm" onClick={() => setLooked(one)}>
                {t("drawings:revision_look")}
              </Button>
              {onRestore && one.revision !== current && (
                <Button
                  variant="default"
                  size="compact-sm"
                  loading={restore.isPending && restore.variables === one.revision}
                  onClick={() => restore.mutate(one.revision)}
                >
                  {t("drawings:revision_restore")}
                </Button>
              )}
            </Line>
          </Group>
        ))}
        <ShowMore of={query} label={t("processes:show_more")} />
      </WorkStack>
      {looked && (
        <Look
          id={id}
          revision={looked}
          current={current}
          nameOf={nameOf}
          onClose={() => setLooked(undefined)}
        />
      )}
    </Drawer>
  );
}

interface LookProps {
  id: Id;
  revision: Revision;
  current: number;
  nameOf(element: string): string;
  onClose(): void;
}

/** How it was, and what became of it since. */
function Look({ id, revision, current, nameOf, onClose }: LookProps) {
  const { t } = useTranslation(["drawings", "common"]);
  const file = useQuery({
    queryKey: keys.drawingFile(id, revision.revision),
    queryFn: () => revisionFile(id, revision.revision),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`${formatDateTime(revision.at)}${revision.name ? ` · ${revision.name}` : ""}`}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {file.isPending && <Bone height={280} />}
      {file.isError && <Hint>{messageOf(file.error, t("common:network"))}</Hint>}
      {file.data && <RouteMap xml={file.data} label={t("drawings:revision_look")} sights={none} />}
      {revision.revision !== current && (
        <Button
          variant="default"
          size="compact-sm"
          mb={8}
          renderRoot={(props) => (
            <Link
              to="/processes/drawings/$id/compare"
              params={{ id }}
              search={{ revision: revision.revision }}
              {...props}
            />
          )}
        >
          {t("drawings:compare")}
        </Button>
      )}
      {revision.revision !== current && (
        <CardSection title={t("drawings:differences")}>
          <Differences
            from={{ drawing: id, revision: revision.revision }}
            to={{ drawing: id, revision: current }}
            nameOf={nameOf}
          />
        </CardSection>
      )}
    </Modal>
  );
}
