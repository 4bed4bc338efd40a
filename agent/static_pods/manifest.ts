import { createHash } from "node:crypto";
import { Pod } from "../../api/types/core_v1.ts";
import { decode } from "../../api/types/decode.ts";
import { applyDefaults } from "../../api/types/defaults.ts";
import { CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE } from "./static_annotations.ts";

/** A manifest that can't be a pod of this node; the message names what is wrong. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The pod of a manifest as this node runs it: `-NODE` behind its name, bound to the node, and with a uid that
 * is another one as soon as the manifest is. Source: kubelet, applyDefaults of pkg/kubelet/config.
 * @throws {ManifestError}
 */
export function staticPod(
  json: unknown,
  { path, nodeName, seen }: { path: string; nodeName: string; seen: string },
): Pod {
  const { apiVersion, kind } = (json ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== "v1" || kind !== "Pod") {
    throw new ManifestError("must be of kind Pod and apiVersion v1");
  }
  const { object, errors, unknown } = decode(Pod, json);
  const mistakes = [...errors.map(String), ...unknown];
  if (mistakes.length > 0) throw new ManifestError(mistakes.join("; "));
  const pod: Pod = applyDefaults(Pod, object);
  const { name = "", namespace = "default", labels, annotations } = pod.metadata ?? {};
  if (!DNS_NAME.test(name)) throw new ManifestError(`metadata.name: Invalid value: "${name}"`);
  if ((pod.spec?.containers ?? []).length === 0) {
    throw new ManifestError("spec.containers: Required value");
  }
  const lacking = pod.spec.containers.findIndex((one) => !one.name || !one.image);
  if (lacking >= 0) {
    throw new ManifestError(`spec.containers[${lacking}]: name and image: Required value`);
  }
  const hash = createHash("md5").update(`${nodeName}\n${path}\n${JSON.stringify(json)}`).digest(
    "hex",
  );
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-${nodeName}`,
      namespace,
      uid: hash,
      ...(labels === undefined ? {} : { labels }),
      annotations: {
        ...annotations,
        [CONFIG_HASH]: hash,
        [CONFIG_SEEN]: seen,
        [CONFIG_SOURCE]: "file",
      },
      creationTimestamp: seen,
    },
    spec: {
      ...pod.spec,
      nodeName,
      // there is nowhere else to go: only the file's end ends it
      tolerations: [...pod.spec.tolerations ?? [], { operator: "Exists", effect: "NoExecute" }],
    },
    status: { phase: "Pending" },
  };
}
