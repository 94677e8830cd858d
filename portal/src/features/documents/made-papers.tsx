/** Papers that were made of a document, and what became of the letters that bring them. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import { type PaperMade, papersQuery, underWay } from "@/api/papers";
import type { SaleCard } from "@/engines/card-parts";
import { formatDateTime } from "@/i18n/format";
import { CardSection } from "@/ui/panel";
import { Hint, PickFacts, PickRow, StateMark, type Tone } from "@/ui/work";

/** How often it is asked while a letter is on its way. */
const often = 2_000;

const tones: Record<string, Tone> = { sent: "done", failed: "late", unsure: "late" };

export function MadePapers({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const found = useQuery({
    ...papersQuery(entity.key, record.id),
    refetchInterval: ({ state }) => (state.data?.some(underWay) ? often : false),
  });
  if (found.error) return <Hint>{t("papers_failed")}</Hint>;
  if (!found.data || found.data.length === 0) return null;
  return (
    <CardSection title={t("papers")}>
      {found.data.map((made) => (
        <PaperRow key={made.id} made={made} />
      ))}
    </CardSection>
  );
}

function PaperRow({ made }: { made: PaperMade }) {
  const { t } = useTranslation("documents");
  const { letter, state, file, file_name } = made;
  const word = state === "failed" ? "failed" : letter ? (letter.state ?? "making") : state;
  return (
    <PickRow
      testId={`paper-${made.id}`}
      opened={false}
      end={
        <StateMark tone={tones[word] ?? (word === "kept" ? "plain" : "wait")}>
          {t(`paper_is_${word}`)}
        </StateMark>
      }
      link={
        file ? (
          <a href={files.contentUrl(file)} target="_blank" rel="noopener">
            {file_name}
          </a>
        ) : (
          <span>{file_name}</span>
        )
      }
    >
      <PickFacts>
        {[
          letter && t("letter_went_to", { to: letter.to.join(", ") }),
          formatDateTime(made.created_at),
          made.problem,
        ]
          .filter(Boolean)
          .join(" · ")}
      </PickFacts>
    </PickRow>
  );
}
