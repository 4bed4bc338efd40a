/** An image that the engine has. */
export interface StoredImage {
  /** The engine's own, such as `sha256:…`. */
  readonly id: string;
  /** `repository:tag` and `repository@digest`; none for an image that nothing names any more. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * The engine's images, which all clusters on a host share. Implementations: DockerImages, FakeImages.
 * Every method throws RuntimeError.
 */
export interface ImageStore {
  list(): Promise<StoredImage[]>;
  /** Ids of images that any container has been made of, also one of another cluster or of nobody. */
  inUse(): Promise<ReadonlySet<string>>;
  /** With all its names. An image that is not there any more is no error. */
  remove(id: string): Promise<void>;
  /** The folder that holds them, and what containers write. */
  folder(): Promise<string>;
  /** Bytes that this container has written to its own layer. */
  writtenBytes(containerId: string): Promise<number>;
}
