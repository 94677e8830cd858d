/** Columns that are dragged by their heads. */
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";

/** Pixels at the right of a head that resize it. */
const EDGE = 8;

/** Has a head be dragged onto others, and others onto it; gives what ends that. */
export function dragColumn(
  head: HTMLElement,
  key: string,
  frozen: boolean,
  onOver: (over: boolean) => void,
  onDrop: (from: string) => void,
): () => void {
  return combine(
    draggable({
      element: head,
      canDrag: ({ input }) => !frozen && head.getBoundingClientRect().right - input.clientX > EDGE,
      getInitialData: () => ({ kind: "column", key }),
    }),
    dropTargetForElements({
      element: head,
      canDrop: ({ source }) => source.data.kind === "column" && source.data.key !== key,
      onDragEnter: () => onOver(true),
      onDragLeave: () => onOver(false),
      onDrop: ({ source }) => {
        onOver(false);
        onDrop(String(source.data.key));
      },
    }),
  );
}
