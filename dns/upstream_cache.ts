import type { Clock } from "../api/types/ambient.ts";
import { type Answer, type DnsRecord, prepare, type Prepared } from "./records.ts";
import { RCODE, TYPE, uint32At } from "./wire.ts";

/** Source: CoreDNS keeps 9,984 of either kind; a node's pods ask for fewer names than a cluster's. */
const ENTRIES_MAX = 4_096;
/** A name may move however long its records say they hold. */
const TTL_SECONDS_MAX = 300;
/** For names that are not there, which somebody may be about to make. */
const NEGATIVE_SECONDS_MAX = 30;
/** So that clients who ask again at once do not all wait for servers that do not answer. Source: RFC 9520. */
const FAILURE_SECONDS = 2;

interface Entry {
  readonly answer: Answer;
  readonly since: number;
  readonly until: number;
  /** As it is told in this second of its life. */
  prepared: Prepared;
  preparedAge: number;
}

/** What other servers have said, for as long as they said it would hold. */
export class UpstreamCache {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the answer with what is left of its time */
  get(question: string): Prepared | undefined {
    const entry = this.#fresh(question);
    if (entry === undefined) return undefined;
    const age = Math.floor((this.#clock.now() - entry.since) / 1_000);
    if (age !== entry.preparedAge) {
      entry.prepared = prepare(aged(entry.answer, age));
      entry.preparedAge = age;
    }
    return entry.prepared;
  }

  /** The same as records. */
  answer(question: string): Answer | undefined {
    const entry = this.#fresh(question);
    if (entry === undefined) return undefined;
    return aged(entry.answer, Math.floor((this.#clock.now() - entry.since) / 1_000));
  }

  set(question: string, answer: Answer): void {
    const seconds = secondsOf(answer);
    if (seconds <= 0) return;
    this.#entries.delete(question);
    if (this.#entries.size >= ENTRIES_MAX) this.#dropOldest();
    const since = this.#clock.now();
    const until = since + seconds * 1_000;
    this.#entries.set(question, {
      answer,
      since,
      until,
      prepared: prepare(answer),
      preparedAge: 0,
    });
  }

  #fresh(question: string): Entry | undefined {
    const entry = this.#entries.get(question);
    const now = this.#clock.now();
    // before `since` the clock has been set back: nobody knows how old it is
    if (entry === undefined || (entry.since <= now && now < entry.until)) return entry;
    this.#entries.delete(question);
    return undefined;
  }

  #dropOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** How long an answer may be told again; 0 where it may not. Source of the negative ones: RFC 2308. */
export function secondsOf({ rcode, answers, authorities = [] }: Answer): number {
  const isAnswered = rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
  if (!isAnswered) return FAILURE_SECONDS;
  const ofAnswers = Math.min(TTL_SECONDS_MAX, ...answers.map(({ ttlSeconds }) => ttlSeconds));
  const isThere = rcode === RCODE.NOERROR && answers.some(({ type }) => type !== TYPE.CNAME);
  if (isThere) return ofAnswers;
  const soa = authorities.find(({ type }) => type === TYPE.SOA);
  if (soa === undefined) return Math.min(ofAnswers, FAILURE_SECONDS);
  const minimum = uint32At(soa.data, soa.data.length - 4);
  return Math.min(NEGATIVE_SECONDS_MAX, ofAnswers, minimum, soa.ttlSeconds);
}

function aged(answer: Answer, ageSeconds: number): Answer {
  const age = (records: readonly DnsRecord[]) =>
    records.map((record) => ({
      ...record,
      ttlSeconds: Math.max(0, Math.min(record.ttlSeconds, TTL_SECONDS_MAX) - ageSeconds),
    }));
  const { answers, authorities = [], additionals = [] } = answer;
  return {
    ...answer,
    answers: age(answers),
    authorities: age(authorities),
    additionals: age(additionals),
  };
}
