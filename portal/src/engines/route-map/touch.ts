/**
 * Fingers on a drawing: one moves it, two zoom it around the point between them. The drawing library has known no touch
 * since bpmn-js 17; a tap stays a click, unless the finger has moved.
 */

export interface Point {
  x: number;
  y: number;
}

export interface TouchCanvas {
  zoom(level?: number, center?: Point): number;
  scroll(delta: { dx: number; dy: number }): void;
}

/** The widest and the narrowest look, as with the buttons. */
export const levels = { least: 0.1, most: 4 };
/** So far a finger wanders while it taps, in pixels. */
const tap = 6;

export interface Gesture {
  dx: number;
  dy: number;
  /** How much further apart two fingers are; 1 for one finger. */
  scale: number;
  /** Where they are now. */
  center: Point;
}

const middle = (points: Point[]): Point => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});

const span = ([one, other]: Point[]) => (one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0);

/** What fingers that were here and are there now mean: the same fingers, in the same order. */
export function gestureOf(before: Point[], now: Point[]): Gesture {
  const [from, to] = [middle(before), middle(now)];
  const wide = span(before);
  return {
    dx: to.x - from.x,
    dy: to.y - from.y,
    scale: wide > 0 && span(now) > 0 ? span(now) / wide : 1,
    center: to,
  };
}

/** Until the returned function is called. `canvas` gives nothing while there is no drawing yet. */
export function followTouch(place: HTMLElement, canvas: () => TouchCanvas | undefined): () => void {
  // At most two fingers count; a third changes nothing.
  const fingers = new Map<number, Point>();
  let begun: Point | undefined;
  let moved = false;
  const at = (event: PointerEvent): Point => {
    const { left, top } = place.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const down = (event: PointerEvent) => {
    if (event.pointerType !== "touch" || fingers.size >= 2) return;
    if (fingers.size === 0) {
      begun = at(event);
      moved = false;
    } else moved = true;
    fingers.set(event.pointerId, at(event));
  };
  const move = (event: PointerEvent) => {
    const drawing = canvas();
    if (!fingers.has(event.pointerId) || !drawing) return;
    const before = [...fingers.values()];
    const here = at(event);
    if (begun && Math.hypot(here.x - begun.x, here.y - begun.y) > tap) moved = true;
    fingers.set(event.pointerId, here);
    // A tap that trembles does not move the drawing.
    if (!moved) return;
    const { dx, dy, scale, center } = gestureOf(before, [...fingers.values()]);
    drawing.scroll({ dx, dy });
    if (scale !== 1) {
      drawing.zoom(Math.min(levels.most, Math.max(levels.least, drawing.zoom() * scale)), center);
    }
  };
  const up = (event: PointerEvent) => void fingers.delete(event.pointerId);
  const click = (event: MouseEvent) => {
    if (!moved) return;
    moved = false;
    event.stopPropagation();
    event.preventDefault();
  };
  place.addEventListener("pointerdown", down, true);
  // Also where a finger leaves the frame.
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", up);
  place.addEventListener("click", click, true);
  return () => {
    place.removeEventListener("pointerdown", down, true);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", up);
    place.removeEventListener("click", click, true);
  };
}
