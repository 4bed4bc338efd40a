// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { clientOf } from "./docker_client.ts";
import { asked } from "./docker_errors.ts";
import type { ImageStore, StoredImage } from "./image_gc/image_store.ts";
import { failedFor } from "./runtime.ts";

/** Where the engine keeps images if it does not say. */
const FOLDER_DEFAULT = "/var/lib/docker";

/** Images of the Docker engine. */
export class DockerImages implements ImageStore {
  readonly #docker: Docker;
  #folder: Promise<string> | undefined;

  constructor(socketPath: string) {
    this.#docker = clientOf(socketPath);
  }

  async list(): Promise<StoredImage[]> {
    const images = await asked(this.#docker.listImages());
    return images.map(({ Id, RepoTags, RepoDigests, Size, Created }) => ({
      id: Id,
      // the engine calls what has no name `<none>:<none>`
      names: [...RepoDigests ?? [], ...RepoTags ?? []].filter((name) => !name.startsWith("<none>")),
      sizeBytes: Size,
      createdAt: Created * 1000,
    }));
  }

  async inUse(): Promise<ReadonlySet<string>> {
    const containers = await asked(this.#docker.listContainers({ all: true }));
    return new Set(containers.map(({ ImageID }) => ImageID));
  }

  async remove(id: string): Promise<void> {
    try {
      await asked(this.#docker.getImage(id).remove({ force: true }), "NoSuchImage");
    } catch (error) {
      if (!failedFor(error, "NoSuchImage")) throw error;
    }
  }

  folder(): Promise<string> {
    this.#folder ??= asked(this.#docker.info())
      .then(({ DockerRootDir }: { DockerRootDir?: string }) => DockerRootDir ?? FOLDER_DEFAULT);
    this.#folder.catch(() => this.#folder = undefined);
    return this.#folder;
  }

  async writtenBytes(containerId: string): Promise<number> {
    const container = this.#docker.getContainer(containerId);
    const { SizeRw = 0 } = await asked(container.inspect({ size: true } as object)) as {
      SizeRw?: number;
    };
    return SizeRw;
  }
}
