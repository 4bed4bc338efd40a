import type { Clock } from "../../api/types/ambient.ts";
import type { TokenRequest } from "../../api/types/authentication_v1.ts";
import type { Pod, ServiceAccountTokenProjection } from "../../api/types/core_v1.ts";
import type { Api } from "../../client/api.ts";

/** Source: k8s.io/kubernetes, defaults of ServiceAccountTokenProjection. */
const SECONDS_DEFAULT = 3600;
/** Of its life a token is used this part. Source: kubelet, token manager, requiresRefresh. */
const USED_PART = 0.8;
const AGE_MAX_MS = 24 * 3_600_000;
/** After a renewal that failed the old token goes on for so long. */
const RETRY_MS = 30_000;

interface HeldToken {
  readonly text: string;
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** Tokens of service accounts by which containers of pods speak to the API. They end with their pod. */
export class PodTokens {
  readonly #api: Api;
  readonly #clock: Clock;
  /** By pod, then by what was asked for. */
  readonly #held = new Map<string, Map<string, HeldToken>>();

  constructor(api: Api, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** One that has most of its life before it. @throws {StatusError} when there is none to be had */
  async of(pod: Pod, wish: ServiceAccountTokenProjection): Promise<string> {
    const { audience = "", expirationSeconds = SECONDS_DEFAULT } = wish;
    const { uid = "" } = pod.metadata;
    const key = `${expirationSeconds} ${audience}`;
    const held = this.#held.get(uid)?.get(key);
    const now = this.#clock.now();
    if (held !== undefined && now < held.renewAt) return held.text;
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds);
      const ofPod = this.#held.get(uid) ?? new Map<string, HeldToken>();
      this.#held.set(uid, ofPod.set(key, fresh));
      return fresh.text;
    } catch (error) {
      if (held === undefined || now >= held.expiresAt) throw error;
      this.#held.get(uid)?.set(key, { ...held, renewAt: now + RETRY_MS });
      return held.text;
    }
  }

  /** When the first of the pod's tokens wants to be renewed; Infinity for a pod without any. */
  renewAt(podUid: string): number {
    const ofPod = [...this.#held.get(podUid)?.values() ?? []];
    return Math.min(...ofPod.map(({ renewAt }) => renewAt), Infinity);
  }

  forget(podUid: string): void {
    this.#held.delete(podUid);
  }

  async #request(pod: Pod, audience: string, expirationSeconds: number): Promise<HeldToken> {
    const { namespace = "", name, uid = "" } = pod.metadata;
    const request: TokenRequest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: "" },
      spec: {
        audiences: audience === "" ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const account = pod.spec.serviceAccountName || "default";
    const begun = this.#clock.now();
    const { status } = await this.#api.requestToken(namespace, account, request);
    const expiresAt = Date.parse(status?.expirationTimestamp ?? "");
    if (!status?.token || Number.isNaN(expiresAt)) {
      throw new Error(`failed to fetch token: the API gave none for ${namespace}/${account}`);
    }
    const lifeMs = Math.min((expiresAt - begun) * USED_PART, AGE_MAX_MS);
    return { text: status.token, expiresAt, renewAt: begun + lifeMs };
  }
}
