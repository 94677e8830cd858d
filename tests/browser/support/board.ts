/** A board as a person sees it: columns, cards, dragging. */
import { expect, type Locator, type Page } from "@playwright/test";

export class Board {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(entity: string): Promise<void> {
    await this.page.goto(`/records/${entity}/board`);
    await expect(this.page.getByTestId(/^board-column-/).first()).toBeVisible();
  }

  column(stage: string): Locator {
    return this.page.getByTestId(`board-column-${stage}`);
  }

  card(id: string): Locator {
    return this.page.getByTestId(`card-${id}`);
  }

  cardIn(stage: string, id: string): Locator {
    return this.column(stage).getByTestId(`card-${id}`);
  }

  /** Where a card can be let go for a stage: its column, or the bar that appears while dragging. */
  async drag(id: string, stage: string): Promise<void> {
    const from = await this.card(id).boundingBox();
    if (!from) throw new Error(`card ${id} is not visible`);
    await this.page.mouse.move(from.x + from.width / 2, from.y + from.height - 12);
    await this.page.mouse.down();
    // The first movement starts the drag; what can be dropped upon may appear only then.
    await this.page.mouse.move(from.x + from.width / 2 + 12, from.y + from.height, { steps: 4 });
    const target = this.page.getByTestId(`board-drop-${stage}`).or(this.column(stage)).first();
    await expect(target).toBeVisible();
    const to = await target.boundingBox();
    if (!to) throw new Error(`stage ${stage} is not visible`);
    await this.page.mouse.move(to.x + to.width / 2, to.y + Math.min(to.height / 2, 200), { steps: 8 });
    await this.page.mouse.up();
  }
}
