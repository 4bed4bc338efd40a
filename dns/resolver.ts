import type { ClusterAnswers, Elsewhere } from "./cluster_answers.ts";
import { type Forwarder, questionOf } from "./forwarder.ts";
import type { DnsMetrics } from "./metrics.ts";
import { type Answer, prepare, type Prepared } from "./records.ts";
import { type Question, readQuestion, type Refusal } from "./question.ts";
import { limitOf, writeReply } from "./reply.ts";
import { RCODE } from "./wire.ts";

export interface Asked {
  /** May hold more than the message; it is not kept beyond the call. */
  readonly packet: Uint8Array;
  readonly length: number;
  readonly isStream: boolean;
}

/** Turns messages of clients into replies: what is known at once, anything else when other servers have said it. */
export class Resolver {
  #turn = 0;

  constructor(
    readonly cluster: ClusterAnswers,
    readonly forwarder: Forwarder,
    readonly metrics: DnsMetrics,
  ) {}

  /**
   * @param out room for the longest reply of the transport
   * @returns length of the reply in `out`, 0 for none, or a promise of the reply's own bytes
   */
  answer(asked: Asked, out: Uint8Array): number | Promise<Uint8Array> {
    const { packet, length, isStream } = asked;
    if (isStream) this.metrics.requests.tcp++;
    else this.metrics.requests.udp++;
    const question = readQuestion(packet, length);
    if ("ignored" in question) {
      this.metrics.dropped++;
      return 0;
    }
    if ("rcode" in question) return this.#write(asked, question, refused(question), out);
    const { key, type } = question;
    const known = this.cluster.answer(key, type);
    if (known !== undefined && !("target" in known)) {
      return this.#write(asked, question, known, out);
    }
    const cached = known === undefined
      ? this.forwarder.cache.get(questionOf(key, type))
      : undefined;
    if (cached !== undefined) {
      this.metrics.cacheHits++;
      return this.#write(asked, question, cached, out);
    }
    return this.#later({ ...asked, packet: packet.slice(0, length) }, question, known);
  }

  async #later(
    asked: Asked,
    question: Question,
    elsewhere: Elsewhere | undefined,
  ): Promise<Uint8Array> {
    const { key, type } = question;
    const answer = elsewhere === undefined
      ? await this.forwarder.ask(key, type)
      : behindAlias(elsewhere, await this.forwarder.ask(elsewhere.target, type));
    const out = new Uint8Array(limitOf({ ...question, isStream: asked.isStream }));
    const length = this.#write(asked, question, prepare(answer), out);
    return out.slice(0, length);
  }

  #write(
    { packet, isStream }: Asked,
    { end, ednsBytes }: Question | Refusal,
    prepared: Prepared,
    out: Uint8Array,
  ): number {
    this.metrics.countResponse(prepared.rcode);
    const turn = this.#turn = (this.#turn + 1) & 0xffff;
    return writeReply({ packet, end, ednsBytes, isStream, turn }, prepared, out);
  }
}

/** The target's records stand under its own name, behind those that lead there. */
function behindAlias({ chain, target }: Elsewhere, answer: Answer): Answer {
  const named = answer.answers.map((record) => ({ owner: target, ...record }));
  const { rcode, authorities = [] } = answer;
  return {
    rcode,
    isAuthoritative: rcode !== RCODE.SERVFAIL,
    answers: [...chain, ...named],
    authorities: authorities.map((record) => ({ owner: target, ...record })),
  };
}

const REFUSALS = new Map<number, Prepared>();

function refused({ rcode }: Refusal): Prepared {
  const known = REFUSALS.get(rcode) ?? prepare({ rcode, isAuthoritative: false, answers: [] });
  REFUSALS.set(rcode, known);
  return known;
}
