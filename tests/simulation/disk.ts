import type { Clock } from "../../api/types/ambient.ts";
import type { Record, Revision } from "../../store/ledger.ts";
import { MemoryLedger, type MemoryMedium } from "../../store/memory_ledger.ts";
import { type Life, never } from "./life.ts";
import type { Dice } from "./seeded.ts";

/** A write takes up to this before it lands, and as much again until it is told: transactions gather meanwhile. */
const WRITE_MS_MAX = 3;
/** Of the writes that a full medium refuses: they have landed all the same. */
const LANDED_ANYWAY = 0.3;

export interface DiskOptions {
  /** It takes no more. */
  readonly isFull: () => boolean;
  readonly clock: Clock;
  readonly dice: Dice;
  /** Of the server: nothing lands after its end, and what has landed before is never told. */
  readonly life: Life;
}

/** The medium in the hands of one run of the server. */
export class SimulatedDisk extends MemoryLedger {
  readonly #with: DiskOptions;

  constructor(medium: MemoryMedium, options: DiskOptions) {
    super(medium);
    this.#with = options;
  }

  override async append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    await this.#turn();
    const { isFull, dice } = this.#with;
    const isRefused = isFull();
    const lands = !isRefused || dice.chance(LANDED_ANYWAY);
    const isWritten = lands ? await super.append(expectedHead, records) : true;
    await this.#turn();
    if (isRefused) throw new Error("no space left on device");
    return isWritten;
  }

  async #turn(): Promise<void> {
    const { clock, dice, life } = this.#with;
    await clock.sleep(dice.between(0, WRITE_MS_MAX));
    if (life.isOver) await never();
  }
}
