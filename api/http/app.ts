import type { SignBeside } from "../authentication/signing_key.ts";
import type { Clock, Log, Random } from "../types/ambient.ts";
import type { KubeObject } from "../types/meta.ts";
import { hasReason, StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { admissionChain } from "../admission/chain.ts";
import type { WebhookTransport } from "../admission/webhook_transport.ts";
import { WebhookMetrics } from "../admission/webhook_metrics.ts";
import { Webhooks } from "../admission/webhooks.ts";
import { Audit, type AuditOptions } from "../audit/audit.ts";
import { defaultPolicy } from "../authorization/default_policy.ts";
import { reconciled } from "../authorization/reconcile_policy.ts";
import type { AnyKind } from "../registry/kind.ts";
import { Catalog, type Served } from "./catalog.ts";
import type { AgentTransport } from "./agents.ts";
import { openAccess } from "./access.ts";
import type { Authenticate, Tokens } from "./authenticate.ts";
import { CelRules } from "./cel_rules.ts";
import { CustomKinds } from "./custom_kinds.ts";
import { Documents, type VersionInfo } from "./documents.ts";
import { readCall, responseOf } from "./fetch_exchange.ts";
import type { Call, Reply } from "./exchange.ts";
import type { Check } from "./health.ts";
import type { InFlightLimits } from "./in_flight.ts";
import { MetricRegistry } from "../types/metrics.ts";
import { Measured } from "./measured.ts";
import { Metrics } from "./metrics.ts";
import type { Advise } from "./advice.ts";
import { NodeSummaries } from "./node_summaries.ts";
import { ObjectReads } from "./object_reads.ts";
import { Pipeline } from "./pipeline.ts";
import { podConnect } from "./pod_logs.ts";
import { Proxies } from "./proxy.ts";
import { type ProxyTransport, proxyTransport } from "./proxy_transport.ts";
import { Resources } from "./resources.ts";
import { type Connect, Router } from "./router.ts";
import { streamPermit } from "./stream_permit.ts";
import { Subresources } from "./subresources.ts";
import { templateImagesReply } from "./template_images.ts";
import type { Tracing } from "./tracing.ts";
import { type Upgrade, upgrader } from "./upgrade.ts";
import { webhookTransport } from "./webhook_transport.ts";

export interface ApiOptions {
  readonly store: Store;
  /** Holds kinds whose objects are gone after a restart. */
  readonly volatileStore: Store;
  readonly kinds: readonly AnyKind[];
  readonly clock: Clock;
  readonly random: Random;
  readonly newUid: () => string;
  readonly tokens: Tokens;
  /** PEM of the key that signs tokens of service accounts; absent: one that goes with the process. */
  readonly serviceAccountKey?: string;
  /** Signs with that key on another thread; absent: the one that serves does. */
  readonly signBeside?: SignBeside | undefined;
  /** Which requests are written down, and where to; absent: none. */
  readonly audit?: Pick<AuditOptions, "rules" | "sink"> | undefined;
  /** In place of bearer tokens and client certificates. */
  readonly authenticate?: Authenticate;
  /** How the agents of nodes are reached; absent, logs and exec answer ServiceUnavailable. */
  readonly agents?: AgentTransport;
  /** In place of direct connections to the pods and nodes that requests are passed on to. */
  readonly proxies?: ProxyTransport;
  /** In place of connections over TLS to the webhooks that are configured. */
  readonly callWebhook?: WebhookTransport;
  readonly log: Log;
  readonly version: VersionInfo;
  /** Packs long answers for clients that ask; on a loopback or a fast network it costs more than it saves. */
  readonly usesGzip?: boolean;
  /** Requests that are answered at the same time; absent: as many as Kubernetes lets in. */
  readonly inFlight?: InFlightLimits;
  /** What the process counts besides; `/metrics` tells all of it. */
  readonly metrics?: MetricRegistry;
  /** Where requests are told to that are traced; absent, nothing is. */
  readonly tracing?: Tracing | undefined;
  /** Answers questions about the cluster, such as why a pod has no node. */
  readonly advise?: Advise | undefined;
  /** What `/readyz` asks besides the store. */
  readonly checks?: Readonly<Record<string, Check>>;
}

/** The API server, on any server that makes calls of requests. */
export interface KubeApi {
  /** Never rejects: a failure is an answer too. */
  answer(call: Call): Reply | Promise<Reply>;
  /** The same for callers in this process. */
  fetch(request: Request): Response | Promise<Response>;
  /** Lists and watches of components in the same process, which may see everything. */
  readonly reads: ObjectReads;
  /** Takes a connection that wants to leave HTTP. */
  readonly upgrade: Upgrade;
  /** Creates what is not there yet, in order, with the powers of the server itself, and then the default roles. */
  bootstrap(objects: readonly KubeObject[], once?: readonly KubeObject[]): Promise<void>;
  /** A token that stands in a secret, for as long as the secret is there. */
  tokenForSecret(namespace: string, account: { name: string; uid: string }, secret: string): string;
  /** Ends every watch, so that the server can stop. */
  close(): void;
}

export function createApi(options: ApiOptions): KubeApi {
  const { store, clock, random, version, agents } = options;
  const access = openAccess(options);
  const { authorizer, reviews, ask } = access;
  const registry = options.metrics ?? new MetricRegistry();
  const rules = new CelRules();
  const webhooks = new Webhooks({
    ...options,
    rules,
    metrics: new WebhookMetrics(registry),
    transport: options.callWebhook ?? webhookTransport(),
  });
  const around = { ...options, ...admissionChain(access.admission, rules, webhooks) };
  const catalog = new Catalog(options.kinds, around, options.log);
  const customKinds = new CustomKinds({ store, catalog, rules, clock, log: options.log });
  const resources = new Resources(clock, random);
  const subresources = new Subresources(resources);
  const summaries = new NodeSummaries(agents, clock);
  const measured = new Measured({ resources, store, summaries });
  const proxies = new Proxies(
    store,
    random,
    options.proxies ?? proxyTransport(agents, clock),
  );
  const fromPod = podConnect(agents, store);
  const permit = streamPermit(webhooks);
  const pass: Connect = (call, subresource, target) =>
    subresource === "proxy" ? proxies.answer(call, target) : fromPod(call, subresource, target);
  const connect: Connect = (call, subresource, target) => {
    const permitted = permit(call, subresource, target);
    const go = () => pass(call, subresource, target);
    return permitted === undefined ? go() : permitted.then(go);
  };
  const metrics = new Metrics(registry);
  const pipeline = new Pipeline({
    clock,
    log: options.log,
    catalog,
    documents: new Documents(catalog, version, options.advise !== undefined),
    router: new Router(catalog, { resources, subresources, reviews, measured, ask, connect }),
    authenticate: options.authenticate ?? access.authenticate,
    authorizer,
    openId: (path) => access.openId(path) ?? templateImagesReply(catalog, path),
    checks: { ping: () => undefined, ...options.checks },
    metrics,
    tracing: options.tracing,
    advise: options.advise,
    revision: () => store.revision,
    usesGzip: options.usesGzip ?? false,
    inFlight: options.inFlight,
    audit: options.audit &&
      new Audit({ ...options.audit, clock, newUid: options.newUid, metrics: registry }),
  });
  return {
    answer: (call) => pipeline.handle(call),
    fetch(request) {
      const reply = pipeline.handle(readCall(request));
      return reply instanceof Promise ? reply.then(responseOf) : responseOf(reply);
    },
    reads: new ObjectReads(catalog, clock),
    upgrade: upgrader({ pipeline, agents, proxies, store, permit }),
    async bootstrap(objects, once = []) {
      await bootstrap(catalog, objects);
      await bootstrapOnce(catalog, once, options.log);
      await bootstrapPolicy(catalog);
    },
    tokenForSecret: (namespace, account, secret) =>
      access.tokens.issueForSecret(namespace, account, secret),
    close() {
      customKinds.close();
      for (const { hub } of catalog.all) hub.close();
      access.close();
      webhooks.close();
    },
  };
}

/** What a PUT may create is brought up to date: this server's own address may be another one than last time. */
async function bootstrap(catalog: Catalog, objects: readonly KubeObject[]): Promise<void> {
  const options = {
    isDryRun: false,
    fieldValidation: "Strict",
    manager: "kube-apiserver",
  } as const;
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    try {
      const { kind, registry } = servedFor(catalog, object);
      if (kind.createsOnUpdate) await registry.update({ namespace, name }, object, options);
      else await registry.create(namespace, object, options);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) continue;
      const why = error instanceof Error ? error.message : String(error);
      throw new StatusError("InternalError", `Cannot bootstrap ${object.kind} ${name}: ${why}`);
    }
  }
}

/** Made where they are missing. They are the users' then, and the server starts without them too. */
async function bootstrapOnce(
  catalog: Catalog,
  objects: readonly KubeObject[],
  log: Log,
): Promise<void> {
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    try {
      const options = {
        isDryRun: false,
        fieldValidation: "Strict",
        manager: "kube-apiserver",
      } as const;
      await servedFor(catalog, object).registry.create(namespace, object, options);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) continue;
      const reason = error instanceof Error ? error.message : String(error);
      return log(`the cluster starts without ${object.kind} ${namespace}/${name}`, { reason });
    }
  }
}

/** All at once: most are made in one commit. */
async function bootstrapPolicy(catalog: Catalog): Promise<void> {
  const options = {
    isDryRun: false,
    fieldValidation: "Strict",
    manager: "kube-apiserver",
  } as const;
  await Promise.all(
    defaultPolicy().map(async (wanted) => {
      const { namespace = "", name } = wanted.metadata;
      const { registry } = servedFor(catalog, wanted);
      try {
        const have = registry.get({ namespace, name }).object as KubeObject;
        const grown = reconciled(have, wanted);
        if (grown !== undefined) await registry.update({ namespace, name }, grown, options);
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
        await registry.create(namespace, wanted, options);
      }
    }),
  );
}

function servedFor(catalog: Catalog, { kind, apiVersion }: KubeObject): Served {
  const served = catalog.all.find(({ kind: { resource } }) =>
    resource.kind === kind && resource.apiVersion === apiVersion
  );
  if (served !== undefined) return served;
  throw new StatusError("InternalError", `${kind} of ${apiVersion} is not served`);
}
