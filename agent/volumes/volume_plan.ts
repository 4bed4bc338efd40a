import { ConfigurationError } from "../environment.ts";
import type { FileContent, GroupOwnership } from "../host_files.ts";
import type { GitSource } from "../host_git.ts";
import type { MountRequest } from "../host_mounts.ts";
import type { BoundClaim } from "./claim_plan.ts";
import type { FileSources } from "./projected_files.ts";

/** One volume of a pod: where it is on the node, and what makes it. */
export type VolumePlan =
  & { readonly path: string; readonly isReadOnly: boolean }
  & (
    | { readonly is: "folder"; readonly ownership?: GroupOwnership | undefined }
    | {
      readonly is: "memory";
      readonly sizeBytes: number;
      readonly ownership?: GroupOwnership | undefined;
    }
    | {
      readonly is: "files";
      readonly isInMemory: boolean;
      readonly files: ReadonlyMap<string, FileContent>;
      readonly group?: number | undefined;
    }
    | { readonly is: "host"; readonly type: string }
    /** Never taken away with the pod; `isOurs`: made here where it is not there yet, else by somebody else beforehand. */
    | {
      readonly is: "local";
      readonly isOurs: boolean;
      readonly ownership?: GroupOwnership | undefined;
    }
    | { readonly is: "mount"; readonly request: MountRequest }
    | {
      readonly is: "git";
      readonly source: GitSource;
      readonly ownership?: GroupOwnership | undefined;
    }
  );

export interface VolumeSources extends FileSources {
  /** Folder of the pod; everything in it goes with the pod. */
  readonly folder: string;
  /** The same in memory. */
  readonly memoryFolder: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeName: string;
  /** What the volume claims, where it does. */
  readonly claim?: BoundClaim | undefined;
}

/** A refusal whose text needs no more words around it. */
export class VolumeRefusal extends ConfigurationError {}

/** What need not be remembered after it was written: it may be secret, and much. */
export function withoutContent(plan: VolumePlan): VolumePlan {
  return plan.is === "files" ? { ...plan, files: new Map() } : plan;
}
