import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";

/** What others need to check a signature. Source: RFC 7517. */
export interface Jwk {
  readonly kty: string;
  readonly use: "sig";
  readonly alg: "ES256";
  readonly kid: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** Signs with the same key as ES256 does, on another thread: a signature is most of what a token costs. */
export type SignBeside = (text: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** Longest token that is looked at. */
const TOKEN_LENGTH_MAX = 16 * 1024;

type Claims = Readonly<Record<string, unknown>>;

/** Signs tokens and knows its own again: ECDSA on P-256, as ES256 of RFC 7518. */
export class SigningKey {
  readonly jwk: Jwk;
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #header: string;
  readonly #beside: SignBeside | undefined;

  /**
   * @param pem a private key on P-256; absent: one that lives as long as this process
   * @param beside signs with that key; absent: this thread does
   */
  constructor(pem?: string, beside?: SignBeside) {
    this.#beside = beside;
    this.#private = pem === undefined
      ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
      : createPrivateKey(pem);
    this.#public = createPublicKey(this.#private as unknown as string);
    const der = this.#public.export({ type: "spki", format: "der" });
    const kid = createHash("sha256").update(der).digest("base64url");
    const { kty = "", crv = "", x = "", y = "" } = this.#public.export({ format: "jwk" });
    if (crv !== "P-256") throw new RangeError("Cannot sign tokens: the key is not on P-256");
    this.jwk = { use: "sig", kty, kid, alg: "ES256", crv, x, y };
    this.#header = encoded({ alg: "ES256", kid });
  }

  /** @returns a JWT */
  sign(claims: Claims): string {
    const text = `${this.#header}.${encoded(claims)}`;
    const key = { key: this.#private, dsaEncoding: "ieee-p1363" } as const;
    return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
  }

  /** The same, without holding up this thread where there is another way. */
  async signBeside(claims: Claims): Promise<string> {
    if (this.#beside === undefined) return this.sign(claims);
    const text = `${this.#header}.${encoded(claims)}`;
    const signature = await this.#beside(new TextEncoder().encode(text));
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  }

  /** @returns the claims of a token that this key signed, whatever they say; undefined for any other text */
  verified(token: string): Claims | undefined {
    if (token.length > TOKEN_LENGTH_MAX) return undefined;
    const [header, payload = "", signature = "", ...rest] = token.split(".");
    if (header !== this.#header || rest.length > 0) return undefined;
    const key = { key: this.#public, dsaEncoding: "ieee-p1363" } as const;
    const text = Buffer.from(`${header}.${payload}`);
    if (!verify("sha256", text, key, Buffer.from(signature, "base64url"))) return undefined;
    return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Claims;
  }
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
