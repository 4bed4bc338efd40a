import type { NFSVolumeSource } from "../../api/types/core_v1.ts";
import { ConfigurationError } from "../environment.ts";
import type { VolumePlan } from "./volume_plan.ts";

export function planNfs(
  { server, path: exported, readOnly = false }: NFSVolumeSource,
  path: string,
  mountOptions: readonly string[],
): VolumePlan {
  rejectOption("server", server);
  const host = server.includes(":") && !server.startsWith("[") ? `[${server}]` : server;
  const request = {
    type: "nfs",
    source: `${host}:${exported}`,
    target: path,
    options: [...readOnly ? ["ro"] : [], ...mountOptions],
  };
  return { is: "mount", path, request, isReadOnly: readOnly };
}

/** It would be taken for an option of the program that gets it. */
export function rejectOption(field: string, value: string): void {
  if (!value.startsWith("-")) return;
  throw new ConfigurationError(`${field} ${JSON.stringify(value)}: must not start with "-"`);
}
