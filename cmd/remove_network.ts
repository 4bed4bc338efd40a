import { removeEbpf } from "../dataplane/ebpf_backend.ts";
import { namesOf } from "../dataplane/names.ts";

/** Takes links, rules, programs and maps of the cluster out of the kernel, whoever left them there. */
export async function removeFromKernel(clusterName: string): Promise<string> {
  const names = namesOf(clusterName);
  await removeEbpf(names);
  return "removed";
}
