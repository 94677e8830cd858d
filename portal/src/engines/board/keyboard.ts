/** Focus among the cards of a board, by their place on screen. */

const cardLinks = (column: Element) => [...column.querySelectorAll<HTMLElement>("[data-card] a")];

/** After a card has gone to another column its element is made anew: focus follows it. */
export function focusCard(id: string): void {
  setTimeout(() => {
    document.querySelector<HTMLElement>(`[data-testid="card-${CSS.escape(id)}"] a`)?.focus();
  }, 60);
}

/** Arrow keys: up and down in the column, left and right to the card at about the same height. */
export function focusNeighbour(from: HTMLElement, key: string): boolean {
  const column = from.closest("[data-column]");
  if (!column) return false;
  const own = cardLinks(column);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const next = own[own.indexOf(from) + (key === "ArrowDown" ? 1 : -1)];
    next?.focus();
    return true;
  }
  const columns = [...document.querySelectorAll("[data-column]")].filter(
    (other) => cardLinks(other).length > 0,
  );
  const next = columns[columns.indexOf(column) + (key === "ArrowRight" ? 1 : -1)];
  if (!next) return true;
  const height = from.getBoundingClientRect().top;
  const nearest = cardLinks(next).sort(
    (left, right) =>
      Math.abs(left.getBoundingClientRect().top - height) -
      Math.abs(right.getBoundingClientRect().top - height),
  )[0];
  nearest?.focus();
  return true;
}
