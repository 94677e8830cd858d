/** What elements are called in the lists and the panel. */
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Designer } from "@/engines/designer/designer";
import type { Words } from "@/engines/designer/modules";
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

/** What the canvas itself says. */
export function useCanvasWords(): Words {
  const { t, i18n } = useTranslation("drawings");
  return useMemo(
    () => ({
      pad: (name) => t(`pad_${name}`),
      translate: (text) => {
        const key = `js_${text.toLowerCase().replace(/[^a-z]+/g, "_")}`;
        return i18n.exists(key, { ns: "drawings" }) ? t(key as "js_search_in_diagram") : text;
      },
      nameOf: (kind) => (kind === "step" ? t("new_step") : ""),
    }),
    [t, i18n],
  );
}
