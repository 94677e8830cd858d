/** What the generated description says of each operation, as types the client is written in. */
import type { paths } from "./schema";

export interface RequestOptions {
  signal?: AbortSignal;
  /** The version the caller saw; sent as `If-Match`. */
  version?: number | string;
  /** Makes a POST safe to repeat; made anew for every create unless given. */
  idempotencyKey?: string;
  /** Of a public page: what stands behind `#` in a personal link to it. */
  link?: string;
  /** Do not open the sign-in dialog on 401: the caller handles it (sign-in itself, the first `me`). */
  quiet?: boolean;
}

type Method = "get" | "post" | "put" | "patch" | "delete";
type Full<P extends string> = `/api/v1${P}`;
type Below<P> = P extends `/api/v1${infer Rest}` ? Rest : never;

/** Paths below `/api/v1` that know the method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? Below<P> : never;
}[keyof paths];

type Operation<M extends Method, P extends string> =
  Full<P> extends keyof paths ? (M extends keyof paths[Full<P>] ? paths[Full<P>][M] : never) : never;

type Parameters<O, Where extends "path" | "query"> = O extends { parameters: infer All }
  ? Where extends keyof All
    ? Exclude<All[Where], undefined>
    : never
  : never;

/** `path` or `query` as an option: required when one of its parameters is. */
type Placed<Where extends "path" | "query", Values> = [Values] extends [never]
  ? { [W in Where]?: never }
  : Record<string, never> extends Values
    ? { [W in Where]?: Values }
    : { [W in Where]: Values };

type Options<M extends Method, P extends string> = RequestOptions &
  Placed<"path", Parameters<Operation<M, P>, "path">> &
  Placed<"query", Parameters<Operation<M, P>, "query">>;

type Optional<T> = Partial<T> extends T ? [options?: T] : [options: T];

/** Arguments after the path of a call without a body. */
export type CallOptions<M extends Method, P extends string> = Optional<Options<M, P>>;

type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer Body } } }
  ? Body
  : undefined;

/** Arguments after the path of a call with a body. */
export type Call<M extends Method, P extends string> =
  Partial<Options<M, P>> extends Options<M, P>
    ? undefined extends BodyOf<Operation<M, P>>
      ? [body?: undefined, options?: Options<M, P>]
      : [body: BodyOf<Operation<M, P>>, options?: Options<M, P>]
    : [body: BodyOf<Operation<M, P>>, options: Options<M, P>];

type Success<O> = O extends { responses: infer All }
  ? Extract<keyof All, 200 | 201 | 202> extends infer Status extends keyof All
    ? All[Status]
    : never
  : never;

/** What a successful call answers. */
export type Answer<M extends Method, P extends string> =
  Success<Operation<M, P>> extends { content: { "application/json": infer Body } } ? Body : undefined;
