/**
 * The drawing under the pen: bpmn-js's modeler and its sheet, loaded with the first designer. Its watermark stays in view
 * (its licence asks for it).
 */
import sheet from "bpmn-js/dist/assets/diagram-js.css?url";
import { useEffect, useRef } from "react";
import { designerClasses } from "@/ui/designer";
import { Designer } from "./designer";
import type { Words } from "./modules";

interface Props {
  /** Opened once; another drawing is another canvas. */
  xml: string;
  label: string;
  words: Words;
  onReady(designer: Designer, lost: string[]): void;
  onFailed(error: unknown): void;
  onReplace(id: string): void;
  /** A new element waits for its name. */
  onAdded(): void;
}

let styled: Promise<void> | undefined;

/** Its sheet comes with it, not with the first page of the portal. */
function withSheet(): Promise<void> {
  styled ??= new Promise((done, failed) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = sheet;
    link.onload = () => done();
    link.onerror = () => {
      styled = undefined;
      link.remove();
      failed(new Error("the sheet of the designer did not come"));
    };
    // First, so that the portal's own words have the last say.
    document.head.prepend(link);
  });
  return styled;
}

export default function DesignerCanvas(props: Props) {
  const { xml, label, words } = props;
  const place = useRef<HTMLDivElement>(null);
  const now = useRef(props);
  now.current = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the file is opened once, its words are those of that time
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let designer: Designer | undefined;
    let gone = false;
    const open = async () => {
      await withSheet();
      if (gone) return;
      designer = new Designer(element, words, {
        replace: (id) => now.current.onReplace(id),
        added: () => now.current.onAdded(),
      });
      const lost = await designer.open(xml);
      if (!gone) now.current.onReady(designer, lost);
    };
    open().catch((error: unknown) => !gone && now.current.onFailed(error));
    const watcher = new ResizeObserver(() => designer?.resized());
    watcher.observe(element);
    return () => {
      gone = true;
      watcher.disconnect();
      designer?.destroy();
    };
  }, []);
  return (
    <section
      ref={place}
      className={designerClasses.canvas}
      aria-label={label}
      data-testid="designer-canvas"
    />
  );
}
