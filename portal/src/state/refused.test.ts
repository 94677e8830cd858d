import { afterEach, expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import { closeRefused, explainRefusal, refusedNow } from "./refused";

const refusal = (code: string, conditions: { code: string; field?: string; message: string }[] = []) =>
  new ApiError({ status: 409, code, conditions });

afterEach(closeRefused);

it("opens the way out where a field stands in the way, and where a lead is to be converted", () => {
  explainRefusal("deal", "d", "won", refusal("stage.refused", [{ code: "task_open", message: "Sign it" }]));
  expect(refusedNow()).toBeNull();
  const missing = { code: "required", field: "amount", message: "Fill it in" };
  explainRefusal("deal", "d", "won", refusal("stage.refused", [missing]));
  expect(refusedNow()).toMatchObject({ entity: "deal", stage: "won", conditions: [missing] });
  explainRefusal("lead", "l", "converted", refusal("lead.convert_required"));
  expect(refusedNow()).toMatchObject({ entity: "lead", id: "l", convert: true });
  closeRefused();
  explainRefusal("lead", "l", "converted", new Error("the line is down"));
  expect(refusedNow()).toBeNull();
});
