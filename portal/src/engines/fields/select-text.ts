/** What is typed takes the place of what stands there. */
export function selectText(event: { currentTarget: HTMLInputElement }): void {
  const input = event.currentTarget;
  setTimeout(() => {
    if (document.activeElement === input) input.select();
  }, 0);
}
