/** As much of Node's own test runner as is used here; its real types would be a dependency more. */
declare module "node:test" {
  export interface Context {
    after(run: () => void): void;
  }
  export function test(name: string, run: (t: Context) => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  interface Assert {
    ok(value: unknown, message?: string): void;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(actual: string, pattern: RegExp, message?: string): void;
    doesNotMatch(actual: string, pattern: RegExp, message?: string): void;
    throws(run: () => unknown, expected?: unknown): void;
  }
  const assert: Assert;
  export default assert;
}

declare function setImmediate(run: (value?: unknown) => void): void;
