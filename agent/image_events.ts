import type { Pod } from "../api/types/core_v1.ts";
import type { ImagesOptions, ImageUser } from "./images.ts";
import type { RecordPodEvent } from "./sync_tools.ts";

/** Tells the pod's story of its images, and wakes the pod when a pull has ended. */
export function imageEvents({ podOf, record, poke }: {
  readonly podOf: (uid: string) => Readonly<Pod> | undefined;
  readonly record: RecordPodEvent;
  readonly poke: (podUid: string) => void;
}): Pick<ImagesOptions, "onPulling" | "onPulled"> {
  const tell = (user: ImageUser, type: "Normal" | "Warning", reason: string, text: string) => {
    const pod = podOf(user.podUid);
    if (pod !== undefined) record(pod, type, reason, text);
  };
  return {
    onPulling: (user) => tell(user, "Normal", "Pulling", `Pulling image "${user.image}"`),
    onPulled(user, failure, tookMs) {
      const { image } = user;
      if (failure === undefined) {
        tell(user, "Normal", "Pulled", `Successfully pulled image "${image}" in ${tookMs}ms`);
      } else {
        tell(user, "Warning", "Failed", `Failed to pull image "${image}": ${failure}`);
        tell(user, "Warning", "Failed", "Error: ErrImagePull");
      }
      poke(user.podUid);
    },
  };
}
