/** Of an image without one. Source: Docker. */
export const DEFAULT_REGISTRY = "docker.io";
const REGISTRY_OF_THE_HUB = "index.docker.io";

// Source: github.com/distribution/reference, its grammar.
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const TAG = "[\\w][\\w.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(
  `^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@${DIGEST})?$`,
);
const NAME_LENGTH_MAX = 255;

export function isImageReference(image: string): boolean {
  return image.length <= NAME_LENGTH_MAX + 200 && REFERENCE.test(image);
}

/** Registry and repository, without tag and digest, by which credentials are looked up. */
export function repositoryOf(image: string): string {
  const name = image.replace(/@.*$/, "").replace(/:[\w][\w.-]*$/, "");
  const [first = "", ...rest] = name.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const full = hasHost ? name : `${DEFAULT_REGISTRY}/${rest.length > 0 ? name : `library/${name}`}`;
  return full.replace(new RegExp(`^${DEFAULT_REGISTRY}/`), `${REGISTRY_OF_THE_HUB}/`);
}
