/** A drawing that is only looked at: on a phone, or while another edits it. Follows what they save. */
import { Button } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Drawing, Lease } from "@/api/drawings";
import { nameOf, stepsOf } from "@/engines/route-map/drawing";
import { RouteMap, useDrawing } from "@/engines/route-map/route-map";
import { sightsOfProblems } from "@/engines/route-map/states";
import { formatRelative } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { PlainText, WorkStack } from "@/ui/work";
import { NewNote, Notes } from "./notes";
import { Problems, useProblemWords } from "./problems";

interface Props {
  drawing: Drawing;
  xml: string;
  phone: boolean;
  /** Who edits it now; none where the lease is over. */
  lease: Lease | undefined;
  onTake(over: boolean): void;
}

export function Watch({ drawing, xml, phone, lease, onTake }: Props) {
  const { t } = useTranslation(["drawings", "processes"]);
  const words = useProblemWords();
  const read = useDrawing(xml);
  const sights = useMemo(
    () =>
      // An error stands red only where somebody tried to publish; here nobody does.
      sightsOfProblems(
        drawing.problems.map((problem) => ({
          element: problem.element ?? "",
          severity: "warning" as const,
          message: words(problem),
        })),
      ),
    [drawing.problems, words],
  );
  const about = read && [...read.nodes.values()].find(({ kind }) => kind === "process")?.documentation;
  const editing = lease ?? drawing.editing;
  return (
    <>
      <PageHeader icon={<IconRoute size={18} />} title={drawing.title} />
      <PageBody>
        <WorkStack>
          {phone ? (
            <Notice>{t("drawings:phone_text")}</Notice>
          ) : (
            <Notice
              tone="warn"
              title={
                editing ? t("drawings:edits_now", { name: editing.user.name }) : t("drawings:edits_nobody")
              }
              action={
                <Button onClick={() => onTake(editing !== undefined)}>
                  {t(editing ? "drawings:take_over" : "drawings:edit")}
                </Button>
              }
            >
              {editing
                ? t("drawings:edits_now_text", { when: formatRelative(drawing.updated_at, Date.now()) })
                : t("drawings:edits_nobody_text")}
            </Notice>
          )}
          {about && <PlainText>{about}</PlainText>}
          <RouteMap xml={xml} label={t("processes:route_map")} sights={sights} />
          {drawing.pair && (
            <div>
              <Button
                variant="default"
                renderRoot={(props) => (
                  <Link to="/processes/drawings/$id/compare" params={{ id: drawing.id }} {...props} />
                )}
              >
                {t("drawings:compare")}
              </Button>
            </div>
          )}
          <CardSection title={t("drawings:notes")}>
            <Notes drawing={drawing.id} nameOf={(id) => nameOf(read, id)} />
            {read && (
              <NewNote
                drawing={drawing.id}
                elements={stepsOf(read).map(({ id, name }) => ({ value: id, label: name || id }))}
              />
            )}
          </CardSection>
          {drawing.problems.length > 0 && (
            <Problems problems={drawing.problems} tried={false} nameOf={(id) => nameOf(read, id)} />
          )}
        </WorkStack>
      </PageBody>
    </>
  );
}
