/** Two drawings beside one another that show the same part: what moves one moves the other. */
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface View {
  viewbox(): Box & { scale: number };
  viewbox(box: Box): void;
}

export class ViewSync {
  private readonly views = new Set<View>();
  private following = false;
  together = true;

  add(view: View): () => void {
    this.views.add(view);
    return () => {
      this.views.delete(view);
    };
  }

  /** One of them was moved or zoomed; the others take its corner and its scale, each in its own size. */
  moved(view: View): void {
    if (!this.together || this.following) return;
    // What follows tells that it moved, too.
    this.following = true;
    try {
      const { x, y, scale } = view.viewbox();
      for (const other of this.views) {
        if (other === view) continue;
        const own = other.viewbox();
        const width = (own.width * own.scale) / scale;
        const height = (own.height * own.scale) / scale;
        if (own.x !== x || own.y !== y || own.scale !== scale) other.viewbox({ x, y, width, height });
      }
    } finally {
      this.following = false;
    }
  }
}
