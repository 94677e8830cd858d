/** What a page shows when it has nothing, cannot load, or is still loading (in the final layout's shape). */
import { Button } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, MissingPage, messageOf } from "@/api/problem";
import classes from "./states.module.css";

interface EmptyProps {
  title?: string;
  children: ReactNode;
  /** One primary action. */
  action?: ReactNode;
  icon?: ReactNode;
}

export function EmptyState({ title, children, action, icon }: EmptyProps) {
  return (
    <div className={classes.center} data-empty>
      {icon}
      {title && <h2>{title}</h2>}
      <p>{children}</p>
      {action}
    </div>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation("common");
  const { online } = useNetwork();
  const chunk = isChunkError(error);
  // A page that could not be fetched comes by itself when the line is back.
  const waiting = chunk && !online;
  const was = useRef(waiting);
  useEffect(() => {
    if (was.current && !waiting) location.reload();
    was.current = waiting;
  }, [waiting]);
  // An address that the server cannot read leads nowhere either: trying again would not help.
  const missing = error instanceof ApiError && (error.status === 404 || error.code === "request.invalid");
  const request = error instanceof ApiError ? error.problem.request_id : undefined;
  return (
    <div className={classes.center} role="alert">
      <h2>{missing ? t("not_found_title") : t("error_title")}</h2>
      <p>
        {waiting
          ? t("page_offline")
          : chunk
            ? t("new_version")
            : missing
              ? t("not_found_text")
              : messageOf(error, t("network"))}
      </p>
      {waiting ? null : chunk ? (
        <Button onClick={() => location.reload()}>{t("reload")}</Button>
      ) : (
        retry && !missing && <Button onClick={retry}>{t("retry")}</Button>
      )}
      {request && <span className={classes.small}>{t("request_id", { id: request })}</span>}
    </div>
  );
}

/** A page whose script is gone: the portal was updated while open. */
function isChunkError(error: unknown): boolean {
  if (error instanceof MissingPage) return true;
  const pattern = /dynamically imported module|module script|unable to preload/i;
  return error instanceof Error && pattern.test(error.message);
}

export function Bone({ width = "100%", height = 12 }: { width?: number | string; height?: number }) {
  return <div className={classes.bone} style={{ width, height }} />;
}

/** Nothing at first, so that quick answers do not flash. */
function useLate(): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 120);
    return () => clearTimeout(timer);
  }, []);
  return late;
}

export function ListSkeleton({ rows = 14 }: { rows?: number }) {
  const { t } = useTranslation("common");
  if (!useLate()) return null;
  return (
    <div className={classes.rows} role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={classes.row}>
          <Bone width={`${60 + ((index * 17) % 35)}%`} />
          <Bone width="70%" />
          <Bone width="50%" />
          <Bone width="60%" />
        </div>
      ))}
    </div>
  );
}

export function BoardSkeleton({ columns = 5 }: { columns?: number }) {
  const { t } = useTranslation("common");
  if (!useLate()) return null;
  return (
    <div className={classes.columns} role="status" aria-label={t("loading")}>
      {Array.from({ length: columns }, (_, column) => (
        <div key={column} className={classes.column}>
          <Bone width="60%" height={16} />
          {Array.from({ length: 5 - (column % 3) }, (_, card) => (
            <Bone key={card} height={84} />
          ))}
        </div>
      ))}
    </div>
  );
}

export function PageSkeleton() {
  return (
    <div>
      <div style={{ height: "var(--header-height)", borderBottom: "1px solid var(--border)" }} />
      <ListSkeleton />
    </div>
  );
}
