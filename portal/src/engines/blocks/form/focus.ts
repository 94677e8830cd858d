/** Where the focus stands after a form was sent: at what is wrong, or where the next one begins. */
import { type RefObject, useEffect, useRef, useState } from "react";

const controls = "input:not([type=hidden]), textarea, select, button";

/** `names`: the first of these fields that the form has; without them the first field there is. */
function place(
  form: HTMLFormElement,
  names: ReadonlySet<string> | undefined,
): HTMLElement | null | undefined {
  const lines = [...form.querySelectorAll<HTMLElement>("[data-field]")];
  const line = lines.find(({ dataset }) => !names || names.has(dataset.field ?? ""));
  return (
    line?.querySelector<HTMLElement>("[aria-invalid=true]") ?? line?.querySelector<HTMLElement>(controls)
  );
}

interface FormFocus {
  form: RefObject<HTMLFormElement | null>;
  /** What was wrong when it was sent last, for those who do not see it. */
  spoken: string;
  refused(names: Iterable<string>): void;
  sent(): void;
}

/** `words`: the reasons as they stand beside the fields. */
export function useFormFocus(words: () => string): FormFocus {
  const form = useRef<HTMLFormElement>(null);
  const [wanted, setWanted] = useState<{ names?: ReadonlySet<string> }>();
  const [spoken, setSpoken] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time it was sent
  useEffect(() => {
    if (!wanted || !form.current) return;
    setSpoken(wanted.names ? words() : "");
    // Who has gone on to another place meanwhile stays there.
    const { activeElement } = document;
    const here = !activeElement || activeElement === document.body || form.current.contains(activeElement);
    if (here) place(form.current, wanted.names)?.focus();
  }, [wanted]);
  return {
    form,
    spoken,
    refused: (names) => setWanted({ names: new Set(names) }),
    sent: () => setWanted({}),
  };
}
