/** Several of a list, found by typing: Enter takes the first that is found and never sends the form around it. */
import { MultiSelect, type MultiSelectProps } from "@mantine/core";
import { useState } from "react";

export function PickMany({ onKeyDown, ...props }: Omit<MultiSelectProps, "searchValue" | "onSearchChange">) {
  const [typed, setTyped] = useState("");
  const searching = typed.trim() !== "";
  return (
    <MultiSelect
      {...props}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      selectFirstOptionOnChange={searching}
      onKeyDown={(event) => {
        if (event.key === "Enter" && searching) event.preventDefault();
        onKeyDown?.(event);
      }}
    />
  );
}
