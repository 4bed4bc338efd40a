import { createHash } from "node:crypto";
import { StatusError } from "../types/status.ts";
import { ADVICE_DISCOVERY, ADVICE_GROUP } from "./advice.ts";
import { type OpenApiTexts, openApiTexts } from "./openapi.ts";
import { openApiV2Protobuf } from "./openapi_protobuf.ts";
import type { Catalog } from "./catalog.ts";
import { apiGroup, apiGroups, apiResources, apiVersions } from "./discovery.ts";
import { aggregationFor, groupDiscovery } from "./discovery_aggregated.ts";
import type { Call, Reply } from "./exchange.ts";
import { acceptedBy } from "./negotiate.ts";
import { JSON_TYPE } from "./wire.ts";

export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

interface Document {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly etag: string;
}

const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const PROTOBUF_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/** Documents about the API itself: they follow from the kinds, and are made on first use. */
export class Documents {
  readonly #catalog: Catalog;
  readonly #version: VersionInfo;
  readonly #hasAdvice: boolean;
  readonly #made = new Map<string, Document>();
  #texts: OpenApiTexts | undefined;
  #generation = 0;

  /** @param hasAdvice questions about the cluster are answered: their group is told too */
  constructor(catalog: Catalog, version: VersionInfo, hasAdvice: boolean) {
    this.#catalog = catalog;
    this.#version = version;
    this.#hasAdvice = hasAdvice;
  }

  /** @returns undefined where the path is no document */
  reply(call: Call, segments: readonly string[]): Reply | undefined {
    this.#forgetOld();
    const document = this.#find(call, segments);
    if (document === undefined) return undefined;
    const { bytes, type, etag } = document;
    const headers = { etag, vary: "Accept", "cache-control": "public", "content-type": type };
    if (call.header("if-none-match") !== etag) return { status: 200, headers, body: bytes };
    return { status: 304, headers: { etag, vary: "Accept" }, body: new Uint8Array() };
  }

  /** Other kinds are served since: everything is made anew, and has another tag where it differs. */
  #forgetOld(): void {
    const { generation } = this.#catalog;
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#texts = undefined;
    this.#made.clear();
  }

  #find(call: Call, segments: readonly string[]): Document | undefined {
    const [root, ...rest] = segments;
    if (root === "version" && rest.length === 0) {
      return this.#json("version", () => this.#version);
    }
    if (root === "api" || root === "apis") return this.#discovery(call, root, rest);
    return root === "openapi" ? this.#openApi(call, rest) : undefined;
  }

  #discovery(call: Call, root: "api" | "apis", rest: readonly string[]): Document | undefined {
    const kinds = this.#catalog.all.map(({ kind }) => kind);
    const path = rest.join("/");
    if (rest.length === 0) {
      const aggregation = aggregationFor(call.header("accept"));
      if (aggregation === undefined) {
        const groups = this.#hasAdvice ? [ADVICE_GROUP] : [];
        return this.#json(
          root,
          () => root === "api" ? apiVersions(kinds) : apiGroups(kinds, groups),
        );
      }
      const { version, contentType } = aggregation;
      const others = this.#hasAdvice && root === "apis" ? [ADVICE_DISCOVERY] : [];
      const make = () => groupDiscovery(kinds, root === "api", version, others);
      return this.#json(`${root} ${version}`, make, contentType);
    }
    if (rest.length === (root === "api" ? 1 : 2) && this.#catalog.hasVersion(path)) {
      return this.#json(`${root}/${path}`, () => apiResources(kinds, path));
    }
    if (root === "api" || rest.length > 1 || !this.#catalog.hasGroup(path)) return undefined;
    return this.#json(`${root}/${path}`, () => apiGroup(kinds, path));
  }

  #openApi(call: Call, [version, ...rest]: readonly string[]): Document | undefined {
    if (version === "v2" && rest.length === 0) return this.#openApiV2(call);
    if (version !== "v3") return undefined;
    const path = rest.join("/");
    const text = path === "" ? this.#openApiTexts().v3Index : this.#openApiTexts().v3.get(path);
    return text === undefined ? undefined : this.#text(`openapi/v3/${path}`, () => text);
  }

  /** Go clients ask in protobuf, and before they ask for version 3. */
  #openApiV2(call: Call): Document {
    const [first] = acceptedBy(call.header("accept"));
    if (first?.type === PROTOBUF_ASKED || first?.type === PROTOBUF_V2) {
      const make = () => openApiV2Protobuf(JSON.parse(this.#openApiTexts().v2));
      return this.#bytes("openapi/v2 protobuf", make, PROTOBUF_V2);
    }
    return this.#text("openapi/v2", () => this.#openApiTexts().v2);
  }

  #openApiTexts(): OpenApiTexts {
    const kinds = this.#catalog.all.map(({ kind }) => kind);
    return this.#texts ??= openApiTexts(kinds, {
      serverVersion: this.#version.gitVersion,
      hasServerSideApply: true,
    });
  }

  #json(name: string, make: () => unknown, type = JSON_TYPE): Document {
    return this.#text(name, () => JSON.stringify(make()), type);
  }

  #text(name: string, make: () => string, type = JSON_TYPE): Document {
    return this.#bytes(name, () => new TextEncoder().encode(make()), type);
  }

  #bytes(name: string, make: () => Uint8Array, type: string): Document {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const bytes = make();
    const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
    const document = { bytes, type, etag: `"${hash}"` };
    this.#made.set(name, document);
    return document;
  }
}

/** What a path that leads nowhere is answered with. */
export function noSuchPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}
