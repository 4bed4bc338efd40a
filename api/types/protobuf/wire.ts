/** How a field is put on the wire. Source: the Protocol Buffers encoding. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const START_GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

export type WireType = 0 | 1 | 2 | 3 | 4 | 5;

/** Messages stand in each other at most this deep: hostile input may not end the stack. */
export const DEPTH_MAX = 100;

/** What is wrong, and where: `steps` grow from the inside out while it is thrown through the messages. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly steps: (string | number)[] = [];

  /** `index` where the field is a list. */
  under(field: string, index?: number): this {
    if (index !== undefined) this.steps.push(index);
    this.steps.push(field);
    return this;
  }
}

/** Adds the field to an error on its way out; what is no WireError, such as a mistake of ours, stays as it is. */
export function placed(error: unknown, field: string, index?: number): unknown {
  return error instanceof WireError ? error.under(field, index) : error;
}
