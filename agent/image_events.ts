import type { Pod } from "../api/types/core_v1.ts";
import type { Api } from "../client/api.ts";
import type { ImagesOptions, ImageUser } from "./images.ts";
import { readReferences } from "./pod_references.ts";
import { loginsFor } from "./pull_secrets.ts";
import type { RecordPodEvent } from "./sync_tools.ts";

/** Tells the pod's story of its images, and wakes the pod when a pull has ended. */
export function imageEvents({ api, podOf, record, poke, onImage }: {
  readonly api: Api;
  readonly podOf: (uid: string) => Readonly<Pod> | undefined;
  readonly record: RecordPodEvent;
  readonly poke: (podUid: string) => void;
  /** The node has an image that it may not have had before. */
  readonly onImage: () => void;
}): Pick<ImagesOptions, "onPulling" | "onPulled" | "logins"> {
  const tell = (user: ImageUser, type: "Normal" | "Warning", reason: string, text: string) => {
    const pod = podOf(user.podUid);
    if (pod !== undefined) record(pod, type, reason, text);
  };
  return {
    async logins(user) {
      if (user.pullSecrets.length === 0) return [];
      const wanted = { configMaps: [], secrets: user.pullSecrets };
      const { secrets } = await readReferences(api, user.namespace, wanted);
      const missing = user.pullSecrets.filter((name) => !secrets.has(name));
      if (missing.length > 0) {
        const why = `Unable to retrieve some image pull secrets (${missing.join(", ")}); ` +
          "attempting to pull the image may not succeed.";
        tell(user, "Warning", "FailedToRetrieveImagePullSecret", why);
      }
      return loginsFor(user.image, [...secrets.values()]);
    },
    onPulling: (user) => tell(user, "Normal", "Pulling", `Pulling image "${user.image}"`),
    onPulled(user, failure, tookMs) {
      const { image } = user;
      if (failure === undefined) {
        tell(user, "Normal", "Pulled", `Successfully pulled image "${image}" in ${tookMs}ms`);
        onImage();
      } else {
        tell(user, "Warning", "Failed", `Failed to pull image "${image}": ${failure}`);
        tell(user, "Warning", "Failed", "Error: ErrImagePull");
      }
      poke(user.podUid);
    },
  };
}
