/** A day with its label; until its script is here, a field of the same size stands in its place and nothing moves. */
import { TextInput } from "@mantine/core";
import { type ComponentProps, lazy, Suspense } from "react";

const Loaded = lazy(() => import("./day-field"));

export function DayField(props: ComponentProps<typeof Loaded>) {
  return (
    <Suspense
      fallback={
        <TextInput
          label={props.label}
          description={props.hint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          readOnly
          value=""
        />
      }
    >
      <Loaded {...props} />
    </Suspense>
  );
}
