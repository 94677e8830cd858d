/**
 * What stands on a drawing beside the file, never in it: problems, the walk of a dry run, how many notes an element has.
 */
import { designerClasses } from "@/ui/designer";
import type { Get } from "./services";

export type Trouble = "warning" | "problem";

/** A dry run's walk: numbers by element, arrows taken, elements where it fails. */
export interface Walk {
  places: Map<string, string>;
  arrows: string[];
  failed: string[];
}

export class Marks {
  private readonly get: Get;
  private troubled = new Map<string, Trouble>();
  private walked: { id: string; marker: string }[] = [];
  /** The drawing is no more. */
  private over = false;

  constructor(get: Get) {
    this.get = get;
  }

  /** Another file is open. */
  forget(): void {
    this.troubled = new Map();
    this.walked = [];
  }

  /** Nothing is marked from now on. */
  end(): void {
    this.over = true;
  }

  troubles(troubles: Map<string, Trouble>): void {
    if (this.over) return;
    const canvas = this.get("canvas");
    for (const [id, trouble] of this.troubled) {
      if (this.known(id)) canvas.removeMarker(id, `v-${trouble}`);
    }
    this.troubled = new Map([...troubles].filter(([id]) => this.known(id)));
    for (const [id, trouble] of this.troubled) canvas.addMarker(id, `v-${trouble}`);
  }

  /** `undefined`: none is shown. */
  walk(walk: Walk | undefined): void {
    if (this.over) return;
    const canvas = this.get("canvas");
    for (const { id, marker } of this.walked) if (this.known(id)) canvas.removeMarker(id, marker);
    this.get("overlays").remove({ type: "v-walk" });
    const marked = [
      ...[...(walk?.places.keys() ?? []), ...(walk?.arrows ?? [])].map((id) => ({ id, marker: "v-path" })),
      ...(walk?.failed ?? []).map((id) => ({ id, marker: "v-problem" })),
    ];
    this.walked = marked.filter(({ id }) => this.known(id));
    for (const { id, marker } of this.walked) canvas.addMarker(id, marker);
    for (const [id, place] of walk?.places ?? []) this.badge(id, "v-walk", place, { top: -12, left: -6 });
    for (const id of walk?.failed ?? []) this.badge(id, "v-walk", "!", { top: -12, left: -6 }, "problem");
  }

  notes(counts: Map<string, { count: number; words: string }>): void {
    if (this.over) return;
    this.get("overlays").remove({ type: "v-notes" });
    for (const [id, { count, words }] of counts) {
      this.badge(id, "v-notes", `✎ ${count}`, { bottom: 10, right: 22 }, "note", words);
    }
  }

  private known(id: string): boolean {
    return this.get("elementRegistry").get(id) !== undefined;
  }

  private badge(
    id: string,
    type: string,
    text: string,
    position: object,
    tone?: string,
    words?: string,
  ): void {
    if (!this.known(id)) return;
    // A node, not a string: what stands in it may come from people.
    const badge = document.createElement("span");
    badge.className = designerClasses.badge;
    if (tone) badge.dataset.tone = tone;
    if (words) badge.title = words;
    badge.textContent = text;
    this.get("overlays").add(id, type, { position, html: badge, scale: { min: 0.9 } });
  }
}
