/** What elements are called in the lists and the panel. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Designer } from "@/engines/designer/designer";
import type { Shape } from "@/engines/designer/services";
import { shortName } from "./model";

/** Its name, else what it is. */
export function useNameOf(designer: Designer): (shape: Shape) => string {
  const { t } = useTranslation("drawings");
  return useCallback(
    (shape) => {
      const name = shortName(shape.businessObject.name ?? "");
      if (name) return name;
      const kind = designer.kind(shape);
      return kind ? t(`kind_${kind}`) : shape.id;
    },
    [designer, t],
  );
}

/** By id, also of the process and of what is no longer there; before the drawing is open, the id. */
export function useElementNames(designer: Designer | undefined): (element: string) => string {
  const { t } = useTranslation("drawings");
  return useCallback(
    (element) => {
      const shape = designer?.element(element);
      const named =
        shape?.businessObject ?? (designer?.process()?.id === element ? designer.process() : undefined);
      const name = shortName(named?.name ?? "");
      if (name) return name;
      const kind = shape && designer?.kind(shape);
      if (shape?.waypoints) return t("kind_flow");
      return kind ? t(`kind_${kind}`) : element;
    },
    [designer, t],
  );
}
