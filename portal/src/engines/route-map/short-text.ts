/**
 * Names on a drawing are cut where nobody would read on: laying out a text of 100 KB letter by letter would hold the page
 * for a minute. In the file, the list and the panel they are whole.
 */
import TextRenderer from "bpmn-js/lib/draw/TextRenderer";

const LONGEST = 300;

export const shortText = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;

interface Renderer {
  createText(text: string, options?: object): SVGElement;
  getExternalLabelBounds(bounds: object, text: string): object;
  getTextAnnotationBounds(bounds: object, text: string): object;
}

function ShortTextRenderer(this: Renderer, config: object) {
  (TextRenderer as unknown as (this: Renderer, config: object) => void).call(this, config);
  const { createText, getExternalLabelBounds, getTextAnnotationBounds } = this;
  this.createText = (text, options) => createText.call(this, shortText(text ?? ""), options);
  this.getExternalLabelBounds = (bounds, text) =>
    getExternalLabelBounds.call(this, bounds, shortText(text ?? ""));
  this.getTextAnnotationBounds = (bounds, text) =>
    getTextAnnotationBounds.call(this, bounds, shortText(text ?? ""));
}
ShortTextRenderer.$inject = ["config.textRenderer"];

export const shortTextModule = { textRenderer: ["type", ShortTextRenderer] };
