/** The one choice that is meant by what was typed: the only one that contains it, or the one that is called so. */
export function onlyMatch(options: { value: string; label: string }[], typed: string): string | undefined {
  const wanted = typed.trim().toLocaleLowerCase();
  const found = options.filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
  const exact = found.filter(({ label }) => label.toLocaleLowerCase() === wanted);
  const meant = exact.length === 1 ? exact : found;
  return meant.length === 1 ? meant[0]?.value : undefined;
}
