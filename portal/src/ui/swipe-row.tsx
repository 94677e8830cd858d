/**
 * A row that a finger pushes aside for what stands behind it. Up and down the list scrolls as ever. A mouse and keys have the
 * row's menu, which does the same (WCAG 2.5.7).
 */
import { type MouseEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import classes from "./swipe-row.module.css";

/** What is done by a push to one side. */
export interface SwipeSide {
  label: string;
  tone?: string | undefined;
  run(): void;
}

interface Props {
  left?: SwipeSide | undefined;
  right?: SwipeSide | undefined;
  children: ReactNode;
}

/** So far a finger strays before it is known where it goes, in pixels; further than a press that stays may. */
const stray = 12;
/** So far a row is pushed to be done with: less than that, and it comes back. */
const reach = 96;

/** Where a finger goes: aside, along the list, or nobody knows yet. */
export function wayOf(dx: number, dy: number): "aside" | "along" | undefined {
  if (Math.max(Math.abs(dx), Math.abs(dy)) < stray) return undefined;
  return Math.abs(dx) > Math.abs(dy) * 1.5 ? "aside" : "along";
}

export function SwipeRow({ left, right, children }: Props) {
  const finger = useRef<{ id: number; x: number; y: number; pushes: boolean }>(undefined);
  const pushed = useRef(false);
  const [offset, setOffset] = useState(0);
  const side = offset > 0 ? right : left;
  const ready = Math.abs(offset) >= reach;
  const isOurs = (event: PointerEvent) => finger.current?.id === event.pointerId;

  const down = (event: PointerEvent) => {
    pushed.current = false;
    // A second finger does not push: both together may mean anything.
    const fits = event.pointerType !== "mouse" && event.isPrimary && (left ?? right);
    finger.current = fits
      ? { id: event.pointerId, x: event.clientX, y: event.clientY, pushes: false }
      : undefined;
  };
  const move = (event: PointerEvent) => {
    const from = finger.current;
    if (!from || !isOurs(event)) return;
    const dx = event.clientX - from.x;
    if (!from.pushes) {
      const way = wayOf(dx, event.clientY - from.y);
      if (way === "along") finger.current = undefined;
      if (way !== "aside") return;
      from.pushes = true;
      pushed.current = true;
      event.currentTarget.setPointerCapture?.(event.pointerId);
    }
    setOffset((dx > 0 ? right : left) ? dx : 0);
  };
  const end = (event: PointerEvent, isDone: boolean) => {
    const from = finger.current;
    if (!from || !isOurs(event)) return;
    finger.current = undefined;
    setOffset(0);
    // Where it let go, not where the row was drawn last.
    const dx = event.clientX - from.x;
    if (isDone && from.pushes && Math.abs(dx) >= reach) (dx > 0 ? right : left)?.run();
  };
  const click = (event: MouseEvent) => {
    // The click that a push ends with opens nothing.
    if (!pushed.current) return;
    pushed.current = false;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className={classes.swipe}
      data-swipes={left || right ? true : undefined}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={(event) => end(event, true)}
      onPointerCancel={(event) => end(event, false)}
      onClickCapture={click}
    >
      {side && offset !== 0 && (
        <div
          className={classes.behind}
          data-side={offset > 0 ? "right" : "left"}
          data-tone={side.tone ?? "plain"}
          data-ready={ready || undefined}
          aria-hidden
        >
          {side.label}
        </div>
      )}
      <div
        className={classes.front}
        data-pushed={offset !== 0 || undefined}
        style={offset === 0 ? undefined : { transform: `translateX(${offset}px)` }}
      >
        {children}
      </div>
    </div>
  );
}
