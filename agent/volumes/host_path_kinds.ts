import type { FileKind } from "../host_files.ts";

/** What `hostPath.type` asks for. Source: kubelet, hostPathTypeChecker. */
export const HOST_PATH_KINDS: Readonly<
  Record<string, { kind: FileKind; isMade: boolean; name: string } | undefined>
> = {
  Directory: { kind: "folder", isMade: false, name: "a directory" },
  DirectoryOrCreate: { kind: "folder", isMade: true, name: "a directory" },
  File: { kind: "file", isMade: false, name: "a file" },
  FileOrCreate: { kind: "file", isMade: true, name: "a file" },
  Socket: { kind: "socket", isMade: false, name: "a socket file" },
  CharDevice: { kind: "charDevice", isMade: false, name: "a character device" },
  BlockDevice: { kind: "blockDevice", isMade: false, name: "a block device" },
};
