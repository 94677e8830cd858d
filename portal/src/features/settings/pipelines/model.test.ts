import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import {
  freshContract,
  freshStage,
  moved,
  placed,
  refusals,
  rulesOf,
  type StageDraft,
  toInput,
} from "./model";

const stage = (id: string, part: Partial<StageDraft> = {}): StageDraft => ({
  ...freshStage(id, "en", id.toUpperCase(), "#4c8dff"),
  key: id,
  ...part,
});
const all = [stage("a"), stage("b"), stage("won", { semantic: "won" }), stage("lost", { semantic: "lost" })];
const ids = (list: StageDraft[]) => list.map(({ id }) => id).join(" ");

describe("stages while they are edited", () => {
  it("move before and after each other", () => {
    expect(ids(moved(all, "b", "a", "before"))).toBe("b a won lost");
    expect(ids(moved(all, "a", "lost", "after"))).toBe("b won lost a");
    expect(moved(all, "nobody", "a", "after")).toBe(all);
  });
  it("take a new one behind the last open one", () => {
    expect(ids(placed(all, stage("c")))).toBe("a b c won lost");
  });
  it("are sent without empty words, without a time limit where they are closed, and without stages that went", () => {
    const full = stage("won", {
      semantic: "won",
      label: { en: "Won", ru: " " },
      duration: "P1D",
      probability: 5,
      from: ["a", "gone"],
      guard: " ",
    });
    expect(toInput(full, all)).toMatchObject({
      label: { en: "Won" },
      duration: null,
      probability: null,
      from: ["a"],
      guard: null,
      guard_message: null,
    });
  });
  it("know what the server said of each", () => {
    const fields = {
      "stages.1.guard": { code: "invalid", message: "no" },
      stages: { code: "x", message: "y" },
    };
    const error = new ApiError({ status: 422, code: "config.invalid", fields });
    expect([...refusals(error, all)]).toEqual([["b", { guard: "no" }]]);
  });
  it("have a task without what was left empty, and know what is wrong with its parts", () => {
    const contract = {
      ...freshContract("en"),
      title: { en: "Sign", ru: " " },
      remind: "PT1H",
      required: true,
    };
    expect(toInput(stage("a", { contract }), all).contract).toEqual({
      title: { en: "Sign" },
      description: "",
      executors: ["owner"],
      duration: null,
      remind: null,
      main_action: null,
      parameters: {},
      require_main_action: false,
      form: [],
      escalate: [],
    });
    const late = [{ to: "head, role:boss", after: "PT1H", every: "", reassign: true }];
    const told = { ...contract, duration: "P1D", mainAction: "email", parameters: { subject: "s" }, late };
    expect(toInput(stage("a", { contract: told }), all).contract).toMatchObject({
      parameters: { subject: "s" },
      escalate: ["head", "role:boss"].map((to) => ({ to, after: "PT1H", every: null, reassign: true })),
    });
    expect(toInput(stage("a"), all)).toMatchObject({ contract: null, on_enter: [], convert_only: null });
    const fields = {
      "stages.1.contract.title": { code: "required", message: "a title" },
      "stages.1.on_enter.0.parameters.to": { code: "required", message: "to whom" },
    };
    const error = new ApiError({ status: 422, code: "config.invalid", fields });
    expect(refusals(error, all).get("b")).toEqual({
      "contract.title": "a title",
      "on_enter.0.parameters.to": "to whom",
    });
  });
  it("count their rules", () => {
    expect(rulesOf(stage("a", { required: ["x", "y"], guard: "true", roles: ["r"] }))).toBe(4);
  });
});
