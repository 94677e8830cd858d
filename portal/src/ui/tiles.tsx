/** How small things of a page look: figures in tiles, prose, badges, a clock, a letter, files. */
import { ActionIcon } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowDownRight,
  IconArrowUpRight,
  IconFile,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Tone } from "./block";
import classes from "./tiles.module.css";

export const Tiles = ({ children }: { children: ReactNode }) => (
  <div className={classes.tiles}>{children}</div>
);

interface TileProps {
  label: string;
  value: string;
  tone: Tone;
  /** Against before: words, and whether it went up. */
  change?: { text: string; up: boolean };
  target?: { text: string; share: number };
  spark?: number[];
  onOpen?: () => void;
}

export function Tile({ label, value, tone, change, target, spark, onOpen }: TileProps) {
  const body = (
    <>
      <span className={classes.label}>{label}</span>
      <span className={classes.value}>{value}</span>
      {change && (
        <span className={classes.change}>
          {change.up ? (
            <IconArrowUpRight size={14} aria-hidden />
          ) : (
            <IconArrowDownRight size={14} aria-hidden />
          )}
          {change.text}
        </span>
      )}
      {target && (
        <span className={classes.target}>
          <span aria-hidden>
            <i style={{ width: `${Math.min(1, Math.max(0, target.share)) * 100}%` }} />
          </span>
          {target.text}
        </span>
      )}
      {spark && spark.length > 1 && <Spark values={spark} />}
    </>
  );
  return onOpen ? (
    <button type="button" className={classes.tile} data-tone={tone} onClick={onOpen}>
      {body}
    </button>
  ) : (
    <div className={classes.tile} data-tone={tone}>
      {body}
    </div>
  );
}

function Spark({ values }: { values: number[] }) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const points = values.map(
    (value, index) =>
      `${((index / (values.length - 1)) * 100).toFixed(1)},${(22 - ((value - least) / (most - least || 1)) * 20).toFixed(1)}`,
  );
  return (
    <svg className={classes.spark} viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}

export const Prose = ({ children }: { children: ReactNode }) => (
  <div className={classes.prose}>{children}</div>
);
export const BadgeRow = ({ children }: { children: ReactNode }) => (
  <div className={classes.badges}>{children}</div>
);
export const CodeBox = ({ children }: { children: ReactNode }) => (
  <pre className={classes.code}>{children}</pre>
);

export const Clock = ({
  label,
  text,
  tone,
  note,
}: {
  label: string;
  text: string;
  tone: Tone;
  note?: string;
}) => (
  <div className={classes.clock} data-tone={tone} role="timer" aria-label={`${label}: ${text}`}>
    <span>{label}</span>
    <strong>{text}</strong>
    {note && <em>{note}</em>}
  </div>
);

/** A foreign text in a frame without scripts, without anything from elsewhere. */
export const Letter = ({
  title,
  html,
  height,
  kind,
}: {
  title: string;
  html: string;
  height: number;
  kind: string;
}) => (
  <iframe
    className={classes.letter}
    data-kind={kind}
    title={title}
    sandbox=""
    style={{ height }}
    srcDoc={`<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><body style="font:14px system-ui,sans-serif;margin:16px">${html}`}
  />
);

export const Sms = ({ children }: { children: ReactNode }) => <p className={classes.sms}>{children}</p>;

export const Sound = ({
  src,
  label,
  marks,
  onReady,
}: {
  src: string;
  label: string;
  marks?: ReactNode;
  onReady(element: HTMLAudioElement | null): void;
}) => (
  <div className={classes.sound}>
    {/* biome-ignore lint/a11y/useMediaCaption: recordings of calls have no captions */}
    <audio ref={onReady} controls preload="none" src={src} aria-label={label} />
    {marks && <div className={classes.badges}>{marks}</div>}
  </div>
);

export const FileLines = ({ label, children }: { label: string; children: ReactNode }) => (
  <ul className={classes.files} aria-label={label}>
    {children}
  </ul>
);
interface FileLineProps {
  /** Absent: it can only be looked at here. */
  href?: string;
  /** Whether the browser shows it in a window of its own; else it saves it. */
  opens?: boolean;
  /** A small picture of it. */
  picture?: string;
  name: string;
  /** Its size and where it is from. */
  about: string;
  exact?: string;
  remove?: { label: string; run(): void };
  action?: ReactNode;
}

export const FileLine = ({ href, opens, picture, name, about, exact, remove, action }: FileLineProps) => (
  <li>
    <span className={classes.filePicture}>
      {picture ? <img src={picture} alt="" loading="lazy" /> : <IconFile size={18} aria-hidden />}
    </span>
    <span className={classes.fileText}>
      {href ? (
        <a
          className={classes.fileName}
          href={href}
          {...(opens ? { target: "_blank", rel: "noopener" } : { download: true })}
        >
          {name}
        </a>
      ) : (
        <span className={classes.fileName}>{name}</span>
      )}
      <small className={classes.fileAbout} title={exact}>
        {about}
      </small>
    </span>
    {action}
    {remove && (
      <ActionIcon aria-label={remove.label} onClick={remove.run}>
        <IconTrash size={16} />
      </ActionIcon>
    )}
  </li>
);

/** A file that did not go: why, what to do. */
export const UnsentLine = ({
  name,
  reason,
  again,
  drop,
}: {
  name: string;
  reason: string;
  again?: ReactNode;
  drop: { label: string; run(): void };
}) => (
  <li>
    <span className={classes.filePicture}>
      <IconAlertTriangle size={18} aria-hidden />
    </span>
    <span className={classes.fileText}>
      <span className={classes.fileName}>{name}</span>
      <small className={classes.fileAbout} data-wrong role="alert">
        {reason}
      </small>
    </span>
    {again}
    <ActionIcon aria-label={drop.label} onClick={drop.run}>
      <IconX size={16} />
    </ActionIcon>
  </li>
);

export const FileButtons = ({ children }: { children: ReactNode }) => (
  <div className={classes.fileButtons}>{children}</div>
);

export const StageList = ({
  label,
  stages,
}: {
  label: string;
  stages: { label: string; state: string; words: string }[];
}) => (
  <ol className={classes.stages} aria-label={label}>
    {stages.map((stage) => (
      <li
        key={stage.label}
        data-state={stage.state}
        aria-current={stage.state === "current" ? "step" : undefined}
      >
        <span>{stage.label}</span>
        <small>{stage.words}</small>
      </li>
    ))}
  </ol>
);

/** A share of a whole in a cell of a table. */
export const CellBar = ({ share, text }: { share: number; text: string }) => (
  <span className={classes.cellBar}>
    <span aria-hidden>
      <span style={{ width: `${share * 100}%` }} />
    </span>
    {text}
  </span>
);

export const CellSound = ({ src, label }: { src: string; label: string }) => (
  // biome-ignore lint/a11y/useMediaCaption: recordings have none
  <audio className={classes.cellSound} controls preload="none" src={src} aria-label={label} />
);
