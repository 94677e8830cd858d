/**
 * What can go wrong with a request, as two types: the server refused (`ApiError`) or it was not
 * reached (`NetworkError`). Pages show `messageOf`; they never look into a response themselves.
 */
import type { Problem } from "./types";

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.name = "ApiError";
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
  get code(): string {
    return this.problem.code;
  }
  /** Reason beside one field, when the server named it. */
  fieldMessage(key: string): string | undefined {
    return this.problem.fields?.[key]?.message;
  }
}

export class NetworkError extends Error {
  constructor(cause?: unknown) {
    super("network", { cause });
    this.name = "NetworkError";
  }
}

/** A page's script did not come: no line, or the portal was updated while open. */
export class MissingPage extends Error {
  constructor(cause: unknown) {
    super("missing page", { cause });
    this.name = "MissingPage";
  }
}

/** Reads any answer that is not a success into a problem, whatever stands between us and the server. */
export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) {
    try {
      const body = (await response.json()) as Problem;
      return {
        ...body,
        status: body.status ?? response.status,
        code: body.code ?? `http.${response.status}`,
      };
    } catch {
      // A body cut short: the status still says what happened.
    }
  }
  return { status: response.status, code: `http.${response.status}`, title: response.statusText };
}

/**
 * The whole reason of a refusal in one text: the detail and the fields' messages that it does not
 * already contain.
 */
export function messageOf(error: unknown, network: string): string {
  if (error instanceof ApiError) {
    // Without our words it was not our server that answered, but what stands before it.
    const detail = error.problem.detail ?? network;
    const rest = Object.values(error.problem.fields ?? {})
      .map((field) => field.message)
      .filter((message) => message && !detail.includes(message));
    return [detail, ...rest].join(" ");
  }
  if (error instanceof NetworkError) return network;
  return error instanceof Error ? error.message : String(error);
}

/** Whether a move was refused because a lead is won by converting it: the conversion is offered instead of the refusal. */
export const needsConversion = (error: unknown): boolean =>
  error instanceof ApiError && error.code === "lead.convert_required";
