/**
 * The one place that calls foreign functions: libbpf 1.x, and from libc what it needs beside it. All calls are
 * synchronous, since a map write takes 2 µs and a call on another thread 20 to 70. Nothing here knows services.
 */

const ARCH = Deno.build.arch === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
/** Debian's folder first, then where other distributions keep it. Absolute: so `--allow-ffi=PATH` matches. */
const FOLDERS = [`/usr/lib/${ARCH}`, `/lib/${ARCH}`, "/usr/lib64", "/lib64", "/usr/lib", "/lib"];
const LOG_LINES_MAX = 200;
const LOG_LINE_BYTES_MAX = 65_536;

const O_DIRECTORY = 0o200000;
const O_CLOEXEC = 0o2000000;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const ENOENT = 2;
/** Source: errno.h. */
const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: "EPERM: operation not permitted",
  2: "ENOENT: not found",
  7: "E2BIG: the map is full",
  12: "ENOMEM: out of memory",
  13: "EACCES: the verifier refused the program",
  17: "EEXIST: exists already",
  22: "EINVAL: invalid argument",
  38: "ENOSYS: the kernel has no BPF",
  95: "EOPNOTSUPP: the kernel does not support it",
};

/** A call that the kernel or libbpf refused. */
export class BpfError extends Error {
  override readonly name = "BpfError";
  constructor(action: string, readonly errno: number, readonly log: readonly string[] = []) {
    const reason = ERRNO_TEXT[errno] ?? `errno ${errno}`;
    super([`Cannot ${action}: ${reason}`, ...log.slice(-5)].join("\n  "));
  }
}

const BPF_SYMBOLS = {
  bpf_object__open_mem: { parameters: ["buffer", "usize", "pointer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__next_map: { parameters: ["pointer", "pointer"], result: "pointer" },
  bpf_object__find_map_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__find_program_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__name: { parameters: ["pointer"], result: "pointer" },
  bpf_map__is_internal: { parameters: ["pointer"], result: "bool" },
  bpf_map__set_pin_path: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_program__attach: { parameters: ["pointer"], result: "pointer" },
  bpf_program__attach_cgroup: { parameters: ["pointer", "i32"], result: "pointer" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  bpf_link_create: { parameters: ["i32", "i32", "i32", "pointer"], result: "i32" },
  bpf_link_update: { parameters: ["i32", "i32", "pointer"], result: "i32" },
  bpf_obj_pin: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_obj_get: { parameters: ["buffer"], result: "i32" },
  bpf_link__pin: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_link__open: { parameters: ["buffer"], result: "pointer" },
  bpf_link__fd: { parameters: ["pointer"], result: "i32" },
  bpf_link__update_program: { parameters: ["pointer", "pointer"], result: "i32" },
  bpf_link__destroy: { parameters: ["pointer"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_prog_query: {
    parameters: ["i32", "i32", "u32", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  bpf_map_update_batch: {
    parameters: ["i32", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  bpf_map_lookup_batch: {
    parameters: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  bpf_map_delete_batch: { parameters: ["i32", "buffer", "buffer", "pointer"], result: "i32" },
  ring_buffer__new: { parameters: ["i32", "function", "pointer", "pointer"], result: "pointer" },
  ring_buffer__consume: { parameters: ["pointer"], result: "i32" },
  ring_buffer__free: { parameters: ["pointer"], result: "void" },
  libbpf_set_print: { parameters: ["function"], result: "pointer" },
} as const;

const LIBC_SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** Waits on a thread of its own. */
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  gethostname: { parameters: ["buffer", "usize"], result: "i32" },
  sethostname: { parameters: ["buffer", "usize"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  vsnprintf: { parameters: ["buffer", "usize", "pointer", "pointer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Bpf = Deno.DynamicLibrary<typeof BPF_SYMBOLS>["symbols"];
type Libc = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

/** The two libraries, loaded once per process. */
export class Libbpf {
  static #loaded: Libbpf | undefined;
  readonly #log: string[] = [];

  private constructor(readonly bpf: Bpf, readonly libc: Libc) {
    const print = new Deno.UnsafeCallback(
      { parameters: ["i32", "pointer", "pointer"], result: "i32" } as const,
      (level, format, values) => this.#print(level, format, values),
    );
    bpf.libbpf_set_print(print.pointer); // lives as long as the process does
  }

  /** @throws {Error} saying which library is missing */
  static load(): Libbpf {
    Libbpf.#loaded ??= new Libbpf(
      openLibrary("libbpf.so.1", BPF_SYMBOLS, "libbpf1"),
      openLibrary("libc.so.6", LIBC_SYMBOLS, "libc6"),
    );
    return Libbpf.#loaded;
  }

  /** What libbpf had to say since the last call. */
  takeLog(): string[] {
    return this.#log.splice(0);
  }

  /** @throws {BpfError} when `result` is a negative errno, as libbpf returns it */
  check(result: number, action: string): number {
    if (result < 0) throw new BpfError(action, -result, this.takeLog());
    return result;
  }

  /** @throws {BpfError} with the thread's errno when a call returned no pointer */
  must(pointer: Deno.PointerValue, action: string): Deno.PointerObject {
    if (pointer === null) throw new BpfError(action, this.errno(), this.takeLog());
    return pointer;
  }

  errno(): number {
    const location = this.libc.__errno_location();
    return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
  }

  /** @returns a descriptor to be given to `close` */
  openFolder(path: string): number {
    return this.#open(path, O_DIRECTORY);
  }

  /** For reading. @returns a descriptor to be given to `close` */
  openFile(path: string): number {
    return this.#open(path, 0);
  }

  #open(path: string, flags: number): number {
    const fd = this.libc.open(cString(path), flags | O_CLOEXEC);
    if (fd < 0) throw new BpfError(`open ${path}`, this.errno());
    return fd;
  }

  close(fd: number): void {
    this.libc.close(fd);
  }

  /** @returns undefined where the process's network has no such link */
  linkIndex(name: string): number | undefined {
    return this.libc.if_nametoindex(cString(name)) || undefined;
  }

  #print(level: number, format: Deno.PointerValue, values: Deno.PointerValue): number {
    const isDebug = level > 1;
    if (isDebug) return 0;
    const line = new Uint8Array(LOG_LINE_BYTES_MAX);
    const written = this.libc.vsnprintf(line, BigInt(line.length), format, values);
    const text = new TextDecoder().decode(line.subarray(0, Math.max(0, written))).trimEnd();
    this.#log.push(...text.split("\n"));
    this.#log.splice(0, this.#log.length - LOG_LINES_MAX);
    return written;
  }
}

function openLibrary<S extends Deno.ForeignLibraryInterface>(
  file: string,
  symbols: S,
  debianPackage: string,
): Deno.DynamicLibrary<S>["symbols"] {
  const reasons: string[] = [];
  for (const folder of FOLDERS) {
    try {
      return Deno.dlopen(`${folder}/${file}`, symbols).symbols;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const other = reasons.find((reason) => !reason.includes("No such file"));
  throw new Error(
    `Cannot load ${file}: ${other ?? `it is in none of ${FOLDERS.join(", ")}`} ` +
      `(Debian package ${debianPackage})`,
  );
}

/** One map of a loaded object. Keys and values of several elements lie one after the other. */
export class BpfMap {
  constructor(readonly lib: Libbpf, readonly name: string, readonly fd: number) {}

  /** Adds and replaces. */
  update(count: number, keys: Uint8Array<ArrayBuffer>, values: Uint8Array<ArrayBuffer>): void {
    if (count === 0) return;
    const result = this.lib.bpf.bpf_map_update_batch(this.fd, keys, values, counted(count), null);
    this.lib.check(result, `write ${count} elements of BPF map ${this.name}`);
  }

  /** Keys that are not there are passed over. */
  delete(count: number, keys: Uint8Array<ArrayBuffer>): void {
    const keyBytes = keys.length / count;
    let done = 0;
    while (done < count) {
      const progress = counted(count - done);
      const rest = keys.subarray(done * keyBytes);
      const result = this.lib.bpf.bpf_map_delete_batch(this.fd, rest, progress, null);
      if (result === 0) return;
      if (result !== -ENOENT) this.lib.check(result, `delete from BPF map ${this.name}`);
      done += (new Uint32Array(progress.buffer)[0] ?? 0) + 1;
    }
  }

  /** The whole map. @param max its max_entries */
  read(max: number, keyBytes: number, valueBytes: number) {
    const keys = new Uint8Array(max * keyBytes);
    const values = new Uint8Array(max * valueBytes);
    const progress = counted(max);
    const bucket = new Uint8Array(8);
    const result = this.lib.bpf
      .bpf_map_lookup_batch(this.fd, null, bucket, keys, values, progress, null);
    if (result !== -ENOENT) this.lib.check(result, `read BPF map ${this.name}`);
    return { count: new Uint32Array(progress.buffer)[0] ?? 0, keys, values };
  }

  /** The memory of an array map that is declared with BPF_F_MMAPABLE; valid until `unmap`. */
  mmap(bytes: number): { memory: Uint8Array<ArrayBuffer>; unmap(): void } {
    const { libc } = this.lib;
    const start = libc.mmap(null, BigInt(bytes), PROT_READ_WRITE, MAP_SHARED, this.fd, 0n);
    if (start === null || Deno.UnsafePointer.value(start) === 0xffff_ffff_ffff_ffffn) {
      throw new BpfError(`map BPF map ${this.name} into memory`, this.lib.errno());
    }
    const memory = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, bytes));
    return { memory, unmap: () => void libc.munmap(start, BigInt(bytes)) };
  }
}

/** A compiled object whose programs and maps are in the kernel. */
export class BpfObject {
  readonly #object: Deno.PointerObject;

  /**
   * Loads the object; its maps are those pinned in `mapFolder` where they exist already, else they are made and pinned.
   * @throws {BpfError} with libbpf's own words when the kernel refuses
   */
  constructor(readonly lib: Libbpf, elf: Uint8Array<ArrayBuffer>, mapFolder: string) {
    const { bpf } = lib;
    lib.takeLog();
    this.#object = lib.must(
      bpf.bpf_object__open_mem(elf, BigInt(elf.length), null),
      "open the BPF object",
    );
    try {
      let map: Deno.PointerValue = null;
      while ((map = bpf.bpf_object__next_map(this.#object, map)) !== null) {
        if (bpf.bpf_map__is_internal(map)) continue;
        const name = lib.must(bpf.bpf_map__name(map), "name a BPF map");
        const path = `${mapFolder}/${Deno.UnsafePointerView.getCString(name)}`;
        lib.check(bpf.bpf_map__set_pin_path(map, cString(path)), `pin ${path}`);
      }
      lib.check(bpf.bpf_object__load(this.#object), "load the BPF programs");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  map(name: string): BpfMap {
    const map = this.lib.bpf.bpf_object__find_map_by_name(this.#object, cString(name));
    const pointer = this.lib.must(map, `find BPF map ${name}`);
    return new BpfMap(this.lib, name, this.lib.check(this.lib.bpf.bpf_map__fd(pointer), name));
  }

  program(name: string): Deno.PointerObject {
    const program = this.lib.bpf.bpf_object__find_program_by_name(this.#object, cString(name));
    return this.lib.must(program, `find BPF program ${name}`);
  }

  /** Pinned links and maps stay. */
  close(): void {
    this.lib.bpf.bpf_object__close(this.#object);
  }
}

/** A count as libbpf reads and writes it. */
export function counted(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([count]).buffer);
}

export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
