/** How programs hang on cgroups and on network links, by links of the kernel that are pinned. */
import { BpfError, type BpfObject, counted, cString, type Libbpf } from "./libbpf.ts";

const ALLOW_MULTI = 2;
const EPERM = 1;
/** Size of struct bpf_link_info up to what it hangs on: type, id, prog_id, pad, then cgroup_id or ifindex. */
const LINK_INFO_BYTES = 32;
const LINK_INFO_TARGET_AT = 16;

/** Source: linux/bpf.h, enum bpf_attach_type. */
const ATTACH_TYPE = {
  connect4: 10,
  connect6: 11,
  sendmsg4: 14,
  recvmsg4: 19,
  recvmsg6: 20,
  getpeername4: 29,
  getpeername6: 30,
} as const;
export type CgroupHook = keyof typeof ATTACH_TYPE;

/** Attaches beside the programs of others, and pins the link so that it outlives the process. */
export function attachPinned(
  object: BpfObject,
  program: string,
  cgroupFd: number,
  pinPath: string,
): void {
  const { lib } = object;
  lib.takeLog();
  const attached = lib.bpf.bpf_program__attach_cgroup(object.program(program), cgroupFd);
  const link = lib.must(attached, `attach ${program}`);
  try {
    lib.check(lib.bpf.bpf_link__pin(link, cString(pinPath)), `pin ${pinPath}`);
  } finally {
    lib.bpf.bpf_link__destroy(link); // closes the descriptor; what is pinned stays attached
  }
}

/**
 * Attaches to the point of the kernel that the program names, and takes the place of what was pinned there: for a
 * moment both run.
 */
export async function attachInPlace(
  object: BpfObject,
  program: string,
  pinPath: string,
  { remove, rename }: {
    /** One that is not there is no error. */
    readonly remove: (path: string) => Promise<void>;
    readonly rename: (from: string, to: string) => Promise<void>;
  },
): Promise<void> {
  const { lib } = object;
  lib.takeLog();
  const link = lib.must(lib.bpf.bpf_program__attach(object.program(program)), `attach ${program}`);
  const draft = `${pinPath}-new`;
  try {
    await remove(draft); // of a process that was killed just here
    lib.check(lib.bpf.bpf_link__pin(link, cString(draft)), `pin ${draft}`);
    await rename(draft, pinPath);
  } finally {
    lib.bpf.bpf_link__destroy(link); // closes the descriptor; what is pinned stays attached
  }
}

/** @returns undefined when nothing is pinned there; 0 when the cgroup of the link is gone */
export function cgroupIdOfPinned(lib: Libbpf, pinPath: string): bigint | undefined {
  const link = lib.bpf.bpf_link__open(cString(pinPath));
  if (link === null) {
    lib.takeLog();
    return undefined;
  }
  try {
    return readTarget(lib, lib.bpf.bpf_link__fd(link), pinPath).getBigUint64(0, true);
  } finally {
    lib.bpf.bpf_link__destroy(link);
  }
}

function readTarget(lib: Libbpf, link: number, pinPath: string): DataView {
  const info = new Uint8Array(LINK_INFO_BYTES);
  const result = lib.bpf.bpf_obj_get_info_by_fd(link, info, counted(info.length));
  lib.check(result, `read ${pinPath}`);
  return new DataView(info.buffer, LINK_INFO_TARGET_AT);
}

/** Swaps the program of a pinned link, without a moment in which none runs. */
export function replacePinned(object: BpfObject, program: string, pinPath: string): void {
  const { bpf } = object.lib;
  const link = object.lib.must(bpf.bpf_link__open(cString(pinPath)), `open ${pinPath}`);
  try {
    const result = bpf.bpf_link__update_program(link, object.program(program));
    object.lib.check(result, `replace the program of ${pinPath}`);
  } finally {
    bpf.bpf_link__destroy(link);
  }
}

/** Programs attached to exactly this cgroup, and whether their owner lets others in beside them. */
export function queryHook(lib: Libbpf, cgroupFd: number, hook: CgroupHook) {
  const ids = new Uint32Array(64);
  const flags = new Uint8Array(4);
  const count = counted(ids.length);
  const found = new Uint8Array(ids.buffer);
  const result = lib.bpf.bpf_prog_query(cgroupFd, ATTACH_TYPE[hook], 0, flags, found, count);
  lib.check(result, `query ${hook}`);
  const programs = [...ids.subarray(0, new Uint32Array(count.buffer)[0])];
  return { programs, isShared: ((flags[0] ?? 0) & ALLOW_MULTI) !== 0 };
}

export function isRefused(error: unknown): boolean {
  return error instanceof BpfError && error.errno === EPERM;
}

/** Source: linux/bpf.h, enum bpf_attach_type; kernels since 6.6. */
const TCX_INGRESS = 46;

/** Attaches behind the programs of others, and pins the link so that it outlives the process. */
export function attachToLink(
  object: BpfObject,
  program: string,
  ifindex: number,
  pinPath: string,
): void {
  const { lib } = object;
  const fd = programFd(object, program);
  const link = lib.bpf.bpf_link_create(fd, ifindex, TCX_INGRESS, null);
  lib.check(link, `attach ${program} to link ${ifindex}`);
  try {
    lib.check(lib.bpf.bpf_obj_pin(link, cString(pinPath)), `pin ${pinPath}`);
  } finally {
    lib.close(link);
  }
}

/** Attaches and detaches at once. @throws {BpfError} where the kernel lets no program hang on links */
export function proveOnLink(object: BpfObject, program: string, ifindex: number): void {
  const { lib } = object;
  const link = lib.bpf.bpf_link_create(programFd(object, program), ifindex, TCX_INGRESS, null);
  lib.close(lib.check(link, `attach ${program} to a link, which takes Linux 6.6`));
}

/** Swaps the program of a pinned link, without a moment in which none runs. */
export function replaceOnLink(object: BpfObject, program: string, pinPath: string): void {
  const { lib } = object;
  const link = lib.check(lib.bpf.bpf_obj_get(cString(pinPath)), `open ${pinPath}`);
  try {
    const result = lib.bpf.bpf_link_update(link, programFd(object, program), null);
    lib.check(result, `replace the program of ${pinPath}`);
  } finally {
    lib.close(link);
  }
}

/** @returns undefined when nothing is pinned there; 0 when the network link is gone */
export function linkIndexOfPinned(lib: Libbpf, pinPath: string): number | undefined {
  const link = lib.bpf.bpf_obj_get(cString(pinPath));
  if (link < 0) {
    lib.takeLog();
    return undefined;
  }
  try {
    return readTarget(lib, link, pinPath).getUint32(0, true);
  } finally {
    lib.close(link);
  }
}

function programFd(object: BpfObject, program: string): number {
  const { lib } = object;
  lib.takeLog();
  return lib.check(lib.bpf.bpf_program__fd(object.program(program)), program);
}
