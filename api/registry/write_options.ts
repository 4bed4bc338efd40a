import type { KubeObject } from "../types/meta.ts";
import type { User } from "../authentication/user.ts";
import type { FieldValidation } from "./decode_object.ts";
import type { Doubles } from "./doubles.ts";
import type { PatchType } from "./patch.ts";

export interface WriteOptions {
  /** Everything happens but the write. */
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** What the text of the body says again: its JSON does not show it. */
  readonly doubles?: Doubles | undefined;
  /** Whom managed fields name; absent, the write is in nobody's name. */
  readonly manager?: string;
  /** An apply takes fields that others hold at another value. */
  readonly isForced?: boolean;
  /** Who writes; absent where the server itself does. */
  readonly user?: User | undefined;
}

/** What a write left behind. `bytes` is the JSON of `object` where it is stored. */
export interface Written {
  readonly object: KubeObject;
  readonly bytes: Uint8Array | undefined;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export interface Deleted extends Written {
  readonly isRemoved: boolean;
}

export interface Patch {
  readonly type: PatchType;
  readonly body: unknown;
  readonly doubles?: Doubles | undefined;
}
