/** Markdown as elements: headings, lists, quotes, code, emphasis, links to web and mail. HTML stays text. */
import { Fragment, type ReactNode } from "react";

const safe = /^(https?:\/\/|mailto:|\/)/i;

function inline(text: string): ReactNode[] {
  const pattern = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*)|(\[[^\]]+\]\([^)\s]+\))/g;
  const parts: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    parts.push(<Fragment key={match.index}>{marked(match[0])}</Fragment>);
  }
  parts.push(text.slice(from));
  return parts;
}

function marked(text: string): ReactNode {
  if (text.startsWith("`")) return <code>{text.slice(1, -1)}</code>;
  if (text.startsWith("**")) return <strong>{inline(text.slice(2, -2))}</strong>;
  if (text.startsWith("*")) return <em>{inline(text.slice(1, -1))}</em>;
  const [, label = "", address = ""] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(text) ?? [];
  if (!safe.test(address) || address.startsWith("//")) return label;
  return (
    <a href={address} target={/^http/i.test(address) ? "_blank" : undefined} rel="noreferrer noopener">
      {label}
    </a>
  );
}

export function Markdown({ text }: { text: string }) {
  const groups = text.replace(/\r/g, "").split(/\n{2,}|(?=^```)|(?<=^```)$/m);
  return groups
    .filter((group) => group.trim())
    .map((group, index) => <Group key={index} text={group.trim()} />);
}

function Group({ text }: { text: string }) {
  const lines = text.split("\n");
  const heading = /^(#{1,4})\s+(.*)$/.exec(lines[0] ?? "");
  if (heading && lines.length === 1) {
    const Tag = `h${Math.min(6, (heading[1]?.length ?? 1) + 2)}` as "h3";
    return <Tag>{inline(heading[2] ?? "")}</Tag>;
  }
  if (heading) {
    return (
      <>
        <Group text={lines[0] ?? ""} />
        <Group text={lines.slice(1).join("\n")} />
      </>
    );
  }
  if (/^(---|\*\*\*)$/.test(text)) return <hr />;
  if (text.startsWith("```")) return <pre>{text.replace(/^```\w*\n?|```$/g, "")}</pre>;
  const items = (pattern: RegExp) => lines.every((line) => pattern.test(line));
  if (items(/^\s*[-*]\s+/)) {
    return (
      <ul>
        {lines.map((line, index) => (
          <li key={index}>{inline(line.replace(/^\s*[-*]\s+/, ""))}</li>
        ))}
      </ul>
    );
  }
  if (items(/^\s*\d+[.)]\s+/)) {
    return (
      <ol>
        {lines.map((line, index) => (
          <li key={index}>{inline(line.replace(/^\s*\d+[.)]\s+/, ""))}</li>
        ))}
      </ol>
    );
  }
  if (items(/^>\s?/)) {
    return <blockquote>{inline(lines.map((line) => line.replace(/^>\s?/, "")).join(" "))}</blockquote>;
  }
  return (
    <p>
      {lines.map((line, index) => (
        <Fragment key={index}>
          {index > 0 && <br />}
          {inline(line)}
        </Fragment>
      ))}
    </p>
  );
}
