import type { Commands } from "./host_commands.ts";
import { attachToLink, linkIndexOfPinned, proveOnLink, replaceOnLink } from "./bpf_links.ts";
import { listFolder, makeFolder, mountBpffs, readBytes, removeTree } from "./host_files.ts";
import { type BpfMap, BpfObject, Libbpf } from "./libbpf.ts";
import * as maps from "./name_maps.ts";
import type { ClusterNames } from "./names.ts";

const OBJECT = new URL("../dataplane/bpf/name_answers.bpf.o", import.meta.url);
const PROGRAM = "answer_names";
/** Every network has it, under this number. */
const LOOPBACK = 1;
const FIRST = new Uint8Array(4);
/** All of them would need 10 MB of the agent's memory. */
const CLEARED_AT_ONCE = 1_024;

export interface NameAnswersOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
}

/** A name as on the wire in lower case, and the type of records that is asked for. */
export interface NameQuestion {
  readonly name: string;
  readonly type: number;
}

/**
 * Answers in the kernel: maps that bpf/name_answers.bpf.c reads at the links of pods. Programs are pinned by their
 * links and the maps by name, under /sys/fs/bpf/CLUSTER/names, so that names are answered while no agent runs.
 */
export class NameAnswers {
  readonly #answers: BpfMap;
  readonly #settings: BpfMap;
  readonly #given: ReturnType<BpfMap["mmap"]>;
  /** By earlier processes. */
  readonly #givenBefore: readonly bigint[];
  #nextId = 1;
  #isClosed = false;

  private constructor(readonly options: NameAnswersOptions, readonly object: BpfObject) {
    this.#answers = object.map("answers");
    this.#settings = object.map("settings");
    this.#given = object.map("given").mmap(maps.RCODES * maps.GIVEN_BYTES);
    this.#givenBefore = this.#counts();
  }

  /**
   * Loads the program; what an earlier process attached goes on until `attach`.
   * @throws {Error} saying what this host lacks: libbpf, or a kernel that has BPF and takes programs at links
   */
  static async open(options: NameAnswersOptions): Promise<NameAnswers> {
    const lib = Libbpf.load();
    await mountBpffs((args) => options.commands.run("mount", args));
    const { links, mapsHere } = foldersOf(options.names);
    await makeFolder(links);
    await makeFolder(mapsHere);
    const object = new BpfObject(lib, await readBytes(OBJECT), mapsHere);
    try {
      proveOnLink(object, PROGRAM, LOOPBACK);
      return new NameAnswers(options, object);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** What an earlier process knew is forgotten first, since it may have changed. @param address undefined: nowhere */
  answerAt(address: string | undefined): void {
    if (this.#isClosed) return;
    this.#settings.update(1, FIRST, maps.encodeSettings(undefined));
    this.clear();
    if (address !== undefined) this.#settings.update(1, FIRST, maps.encodeSettings(address));
  }

  /** Replaces the answer that was there. @returns false for what is left to the agent */
  set({ name, type }: NameQuestion, answer: maps.NameAnswer): boolean {
    if (this.#isClosed) return false;
    const key = maps.encodeQuestion(name, type);
    const value = maps.encodeAnswer(answer, this.#nextId);
    if (key === undefined || value === undefined) return false;
    this.#nextId = (this.#nextId + 1) >>> 0;
    this.#answers.update(1, key, value);
    return true;
  }

  /** Those that are not there are passed over. */
  delete(questions: readonly NameQuestion[]): void {
    if (this.#isClosed) return;
    const keys = questions.flatMap(({ name, type }) => maps.encodeQuestion(name, type) ?? []);
    if (keys.length === 0) return;
    const bytes = new Uint8Array(keys.length * maps.QUESTION_BYTES);
    keys.forEach((key, i) => bytes.set(key, i * maps.QUESTION_BYTES));
    this.#answers.delete(keys.length, bytes);
  }

  clear(): void {
    const { QUESTION_BYTES, ANSWER_BYTES } = maps;
    for (;;) {
      const { count, keys } = this.#answers.read(CLEARED_AT_ONCE, QUESTION_BYTES, ANSWER_BYTES);
      if (count === 0) return;
      this.#answers.delete(count, keys.slice(0, count * QUESTION_BYTES));
    }
  }

  /** Answers given since this was opened, by code. */
  given(): ReadonlyMap<number, number> {
    if (this.#isClosed) return new Map();
    const since = this.#counts().map((count, code) => count - (this.#givenBefore[code] ?? 0n));
    return new Map(since.flatMap((count, code) => count > 0n ? [[code, Number(count)]] : []));
  }

  #counts(): bigint[] {
    return [...new BigUint64Array(this.#given.memory.buffer).subarray(0, maps.RCODES)];
  }

  /** Questions that come by this link are answered from here on. @throws {Error} when the kernel refuses */
  async attach(link: string): Promise<void> {
    const { lib } = this.object;
    const ifindex = lib.linkIndex(link);
    if (ifindex === undefined) {
      throw new Error(`Cannot attach ${PROGRAM}: there is no link ${link}`);
    }
    const pin = this.#pinOf(link);
    const pinned = linkIndexOfPinned(lib, pin);
    if (pinned === ifindex) return replaceOnLink(this.object, PROGRAM, pin);
    if (pinned !== undefined) await removeTree(pin); // of a link that had this name
    attachToLink(this.object, PROGRAM, ifindex, pin);
  }

  /** One that is not attached is no error. */
  async detach(link: string): Promise<void> {
    await removeTree(this.#pinOf(link));
  }

  /** Attaches to each of the links, and to no other. */
  async attachAll(links: readonly string[]): Promise<void> {
    for (const link of links) await this.attach(link);
    for (const name of await listFolder(foldersOf(this.options.names).links)) {
      if (!links.includes(name)) await this.detach(name);
    }
  }

  /** What another version of this program has left, which answered until now. */
  async dropOtherVersions(): Promise<void> {
    const { root, here } = foldersOf(this.options.names);
    for (const name of await listFolder(root)) {
      if (`${root}/${name}` !== here) await removeTree(`${root}/${name}`);
    }
  }

  /** What is pinned stays. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#given.unmap();
    this.object.close();
  }

  #pinOf(link: string): string {
    return `${foldersOf(this.options.names).links}/${link}`;
  }
}

function foldersOf({ pins }: ClusterNames) {
  const root = `${pins}/names`;
  const here = `${root}/v${maps.NAME_ANSWERS_ABI}`;
  return { root, here, links: `${here}/links`, mapsHere: `${here}/maps` };
}

/** Detaches and forgets, also what others have left. */
export async function removeNameAnswers(names: ClusterNames): Promise<void> {
  await removeTree(foldersOf(names).root);
}
