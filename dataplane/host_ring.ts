/** What programs in the kernel tell through a ring buffer: nothing is asked for while they say nothing. */
import type { BpfMap } from "./libbpf.ts";

const O_CLOEXEC = 0o2000000;
const POLLIN = 1;
const FOR_EVER = -1;
/** struct pollfd: descriptor, wanted events, events that came. */
const POLLFD_WORDS = 2;

/** Follows one map of type BPF_MAP_TYPE_RINGBUF on a thread that sleeps in poll(2), until `close`. */
export class HostRing {
  readonly #ring: Deno.PointerObject;
  readonly #told: Deno.UnsafeCallback<typeof TELL>;
  /** Readable once the wait is to end. */
  readonly #end: number;
  #isClosed = false;
  /** Resolves when everything is freed. */
  readonly done: Promise<void>;

  /** @param tell is given a copy of each message, in order */
  constructor(readonly map: BpfMap, tell: (message: Uint8Array) => void) {
    const { lib } = map;
    this.#told = new Deno.UnsafeCallback(TELL, (_context, data, size) => {
      if (data === null) return 0;
      tell(new Uint8Array(new Deno.UnsafePointerView(data).getArrayBuffer(Number(size))).slice());
      return 0;
    });
    const ring = lib.bpf.ring_buffer__new(map.fd, this.#told.pointer, null, null);
    this.#ring = lib.must(ring, `follow BPF map ${map.name}`);
    this.#end = lib.libc.eventfd(0, O_CLOEXEC);
    this.done = this.#follow();
  }

  async #follow(): Promise<void> {
    const { bpf, libc } = this.map.lib;
    const events = POLLIN; // the lower half of the word: what is wanted
    const waits = new Int32Array([this.map.fd, events, this.#end, events]);
    const bytes = new Uint8Array(waits.buffer);
    while (!this.#isClosed) {
      waits[1] = waits[POLLFD_WORDS + 1] = events;
      await libc.poll(bytes, BigInt(waits.length / POLLFD_WORDS), FOR_EVER);
      if (!this.#isClosed) bpf.ring_buffer__consume(this.#ring);
    }
    bpf.ring_buffer__free(this.#ring);
    this.#told.close();
    libc.close(this.#end);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      const one = new Uint8Array(new BigUint64Array([1n]).buffer);
      this.map.lib.libc.write(this.#end, one, BigInt(one.length));
    }
    await this.done;
  }
}

const TELL = { parameters: ["pointer", "pointer", "usize"], result: "i32" } as const;
