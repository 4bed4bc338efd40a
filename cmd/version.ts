import config from "../deno.json" with { type: "json" };

export const VERSION = config.version;

/** The Kubernetes whose API is spoken, in the form that clients compare. */
const MAJOR = "1";
const MINOR = "32";
export const KUBERNETES_VERSION = `v${MAJOR}.${MINOR}.0-wherry.${VERSION}`;

/** What `/version` tells; fields that only a build of Kubernetes has say what this is instead. */
export const VERSION_INFO = {
  major: MAJOR,
  minor: MINOR,
  gitVersion: KUBERNETES_VERSION,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: `deno${Deno.version.deno}`,
  compiler: `v8 ${Deno.version.v8}`,
  platform: `linux/${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`,
};
