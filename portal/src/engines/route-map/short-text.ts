/**
 * Names on a drawing are cut where nobody would read on: laying out a text of 100 KB letter by letter would hold the page
 * for a minute. In the file, the list and the panel they are whole.
 */
import TextRenderer from "bpmn-js/lib/draw/TextRenderer";

/** Characters of a name, and of a note, whose frame grows with it. */
const NAME = 160;
const NOTE = 1_000;

export const shortText = (text: string, longest = NAME): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text;

const longestOf = (options?: { align?: string }) => (options?.align === "left-top" ? NOTE : NAME);

interface Renderer {
  createText(text: string, options?: { align?: string }): SVGElement;
  getExternalLabelBounds(bounds: object, text: string): object;
  getTextAnnotationBounds(bounds: object, text: string): object;
}

function ShortTextRenderer(this: Renderer, config: object) {
  (TextRenderer as unknown as (this: Renderer, config: object) => void).call(this, config);
  const { createText, getExternalLabelBounds, getTextAnnotationBounds } = this;
  this.createText = (text, options) =>
    createText.call(this, shortText(text ?? "", longestOf(options)), options);
  this.getExternalLabelBounds = (bounds, text) =>
    getExternalLabelBounds.call(this, bounds, shortText(text ?? ""));
  this.getTextAnnotationBounds = (bounds, text) =>
    getTextAnnotationBounds.call(this, bounds, shortText(text ?? "", NOTE));
}
ShortTextRenderer.$inject = ["config.textRenderer"];

export const shortTextModule = { textRenderer: ["type", ShortTextRenderer] };
