import type { Clock } from "../api/types/ambient.ts";
import { doubled } from "./back_off.ts";
import { isImageReference } from "./image_reference.ts";
import { failedFor, type RegistryLogin, type Runtime } from "./runtime.ts";
import type { Waiting } from "./sync.ts";

export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** The error itself is shown this long, then the back-off that it led to. */
const ERROR_SHOWN_MS = 5_000;

type Pull =
  | { readonly is: "pulling" | "pulled" }
  | {
    readonly is: "failed";
    readonly message: string;
    /** The runtime was away: nothing is known of the image or its registry. */
    readonly isRuntimes: boolean;
    readonly delaySeconds: number;
    readonly at: number;
  };

/** Why a container can't be made for want of its image, and when to ask again; Infinity: once it is pulled. */
export interface ImageWait {
  readonly waiting: Waiting;
  readonly retryAt: number;
}

export interface ImageUser {
  readonly podUid: string;
  readonly container: string;
  readonly image: string;
  readonly policy: PullPolicy;
  readonly namespace: string;
  /** Names of the secrets that may hold a login for the image's registry. */
  readonly pullSecrets: readonly string[];
}

export interface ImagesOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** To be tried one after another; none: without a login. */
  readonly logins: (user: ImageUser) => Promise<readonly RegistryLogin[]>;
  /** Called when a pull that a pod waits for has ended. */
  readonly onPulled: (user: ImageUser, failure: string | undefined, tookMs: number) => void;
  readonly onPulling: (user: ImageUser) => void;
}

/** Gets images without holding up a pod's worker: it says what to wait for, and reports when that has come. */
export class Images {
  readonly #with: ImagesOptions;
  /** By pod, container and image. */
  readonly #pulls = new Map<string, Pull>();
  /** One pull of an image serves all who wait for it. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: ImagesOptions) {
    this.#with = options;
  }

  /** @returns undefined when the container may be made: its image was pulled, or need not be. */
  beforeCreate(user: ImageUser): ImageWait | undefined {
    if (!isImageReference(user.image)) return this.#invalid(user);
    const pull = this.#pulls.get(keyOf(user));
    if (pull?.is === "pulled" || user.policy !== "Always") return undefined;
    return this.#pull(user);
  }

  /** The runtime said that it has no such image. */
  onMissing(user: ImageUser): ImageWait {
    if (user.policy !== "Never") return this.#pull(user);
    const message = `Container image "${user.image}" is not present with pull policy of Never`;
    return {
      waiting: { reason: "ErrImageNeverPull", message },
      retryAt: this.#with.clock.now() + doubled(0) * 1000,
    };
  }

  /**
   * The container has been made: the next one pulls anew where the policy says so.
   * @returns true when the image was pulled for it
   */
  onCreated(user: ImageUser): boolean {
    const wasPulled = this.#pulls.get(keyOf(user))?.is === "pulled";
    this.#pulls.delete(keyOf(user));
    return wasPulled;
  }

  /** What to show of a start that waits, as time goes on. @returns undefined when nothing is known of it */
  waitOf(user: ImageUser): ImageWait | undefined {
    const pull = this.#pulls.get(keyOf(user));
    if (pull?.is === "pulling") return PULLING;
    if (pull?.is !== "failed") return undefined;
    const { image } = user;
    const now = this.#with.clock.now();
    const retryAt = pull.at + pull.delaySeconds * 1000;
    if (now >= retryAt) return undefined;
    if (now < pull.at + ERROR_SHOWN_MS) {
      const waiting = { reason: "ErrImagePull", message: pull.message };
      return { waiting, retryAt: pull.at + ERROR_SHOWN_MS };
    }
    const message = `Back-off pulling image "${image}"`;
    return { waiting: { reason: "ImagePullBackOff", message }, retryAt };
  }

  #invalid({ image }: ImageUser): ImageWait {
    const name = JSON.stringify(image);
    const message = `Failed to apply default image tag ${name}: couldn't parse image name ` +
      `${name}: invalid reference format`;
    const retryAt = this.#with.clock.now() + doubled(0) * 1000;
    return { waiting: { reason: "InvalidImageName", message }, retryAt };
  }

  /** The runtime is back: what failed for it alone need not wait. */
  tryAgain(): void {
    for (const [key, pull] of this.#pulls) {
      if (pull.is === "failed" && pull.isRuntimes) this.#pulls.delete(key);
    }
  }

  forgetPod(podUid: string): void {
    for (const key of this.#pulls.keys()) {
      if (key.startsWith(`${podUid}/`)) this.#pulls.delete(key);
    }
  }

  #pull(user: ImageUser): ImageWait {
    const wait = this.waitOf(user);
    if (wait !== undefined) return wait;
    const key = keyOf(user);
    const before = this.#pulls.get(key);
    const delaySeconds = doubled(before?.is === "failed" ? before.delaySeconds : 0);
    this.#pulls.set(key, { is: "pulling" });
    this.#with.onPulling(user);
    const { clock } = this.#with;
    const began = clock.now();
    const end = (result: Pull & { readonly message?: string }) => {
      if (!this.#pulls.has(key)) return;
      this.#pulls.set(key, result);
      this.#with.onPulled(user, result.message, clock.now() - began);
    };
    this.#pullAs(user).then(
      () => end({ is: "pulled" }),
      (error) => end({ is: "failed", delaySeconds, at: clock.now(), ...failureOf(error) }),
    );
    return PULLING;
  }

  /** With each login in turn, until the registry gives the image. */
  async #pullAs(user: ImageUser): Promise<void> {
    const logins = await this.#with.logins(user);
    let refusal: unknown;
    for (const login of logins.length === 0 ? [undefined] : logins) {
      try {
        return await this.#pullOnce(user.image, login);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }

  /** Only who comes with the same login may share what it gave. */
  #pullOnce(image: string, login: RegistryLogin | undefined): Promise<void> {
    const key = JSON.stringify([image, login]);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const pull = this.#with.runtime.pullImage(image, login)
      .finally(() => void this.#running.delete(key));
    this.#running.set(key, pull);
    return pull;
  }
}

const PULLING: ImageWait = { waiting: { reason: "ContainerCreating" }, retryAt: Infinity };

function failureOf(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  return { message, isRuntimes: failedFor(error, "Unavailable") };
}

const keyOf = ({ podUid, container, image }: ImageUser) => `${podUid}/${container}/${image}`;

/** The policy of a container that names none. Source: Kubernetes, the default of imagePullPolicy. */
export function pullPolicyOf(image: string, policy: PullPolicy | undefined): PullPolicy {
  if (policy !== undefined) return policy;
  const last = image.slice(image.lastIndexOf("/") + 1);
  return !/[:@]/.test(last) || last.endsWith(":latest") ? "Always" : "IfNotPresent";
}
