import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually } from "./pods.ts";

const IMAGE = "busybox:1.35";
/** Of a file that no single frame, message or window holds. */
const BIG_BYTES = 8 << 20;
const EXECS = 12;

/** kubectl speaks WebSocket where it can; each switch makes it speak SPDY alone. */
const WAYS = [
  { way: "WebSocket", env: {} },
  {
    way: "SPDY",
    env: {
      KUBECTL_PORT_FORWARD_WEBSOCKETS: "false",
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false",
    },
  },
];

Deno.test("kubectl reaches into pods over WebSocket and SPDY, and through proxies", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply({ apiVersion: "v1", kind: "List", items: [WEB, SERVICE, READER] });
  for (const name of ["web", "reader"]) await running(cluster, name);
  for (const { way, env } of WAYS) {
    const with_ = Object.entries(env).map(([name, value]) => `${name}=${value} `).join("");
    const step = (name: string, run: (cluster: Cluster, prefix: string) => Promise<void>) =>
      t.step(`${way}: ${name}`, () => run(cluster, with_));
    await step("exec: output, input, exit code, terminal", exec);
    await step("exec: many at once, beside one that nobody reads", (c) => manyExecs(c, env));
    await step("cp: both directions, files and folders", copies);
    await step("attach: output and input", attach);
    await step("port-forward: pod and service, several ports", (c) => forwards(c, env));
    await step("port-forward: what listens on the loopback alone", (c) => loopback(c, env));
    await step("port-forward: a port where nothing listens", (c) => closedPort(c, env));
  }
  await t.step("proxy: pods, services and nodes", () => proxies(cluster));
  await t.step("proxy: kubectl's own, on top", () => kubectlProxy(cluster));
});

const WEB = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", labels: { app: "web" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{
      name: "main",
      image: IMAGE,
      command: [
        "sh",
        "-c",
        "mkdir /www && cd /www && echo front > index.html && " +
        `dd if=/dev/urandom of=big bs=1M count=${BIG_BYTES >> 20} 2>/dev/null && ` +
        "httpd -p 8080 -h /www && httpd -p 127.0.0.1:8081 -h /www && " +
        "exec nc -ll -p 7 -e cat",
      ],
      ports: [{ containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }],
  },
};

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
};

/** Says what it reads. */
const READER = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "reader" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{
      name: "main",
      image: IMAGE,
      stdin: true,
      command: ["sh", "-c", "while read line; do echo got $line; done; sleep 3600"],
    }],
  },
};

async function running({ kubectl }: Cluster, name: string): Promise<void> {
  await eventually(async () => {
    const { status } = await kubectl.json<Pod>("get", "pod", name);
    const isReady = status?.conditions?.some(({ type, status }) =>
      type === "Ready" && status === "True"
    );
    return isReady === true ? "" : `${name} is ${JSON.stringify(status)}`;
  });
}

async function exec({ kubectl }: Cluster, prefix: string): Promise<void> {
  const run = (args: string) => kubectl.shell(`${prefix}kubectl exec web ${args}`);
  assert.equal((await run("-- echo hi")).stdout, "hi\n");
  const piped = await kubectl.shell(`echo through | ${prefix}kubectl exec -i web -- cat`);
  assert.deepEqual([piped.code, piped.stdout], [0, "through\n"]);
  const failed = await run("-- sh -c 'echo oops >&2; exit 3'");
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /^oops\n/);
  assert.notEqual((await run("-- no-such-program")).code, 0);
  const line = `script -qec "${prefix}kubectl exec web -it -- sh -c 'tty; stty size'" /dev/null`;
  assert.match((await kubectl.shell(line)).stdout, /\/dev\/pts\/\d+/);
}

async function manyExecs(cluster: Cluster, env: Environment): Promise<void> {
  const unread = kubectlChild(cluster, env, "exec", "web", "--", "cat", "/www/big");
  const words = Array.from({ length: EXECS }, (_, i) => `word ${i}`);
  const answers = await Promise.all(words.map(async (word) => {
    const { stdout } = await kubectlChild(cluster, env, "exec", "web", "--", "echo", word).output();
    return new TextDecoder().decode(stdout);
  }));
  assert.deepEqual(answers, words.map((word) => `${word}\n`));
  const { stdout } = await unread.output();
  assert.equal(stdout.length, BIG_BYTES);
}

type Environment = Readonly<Record<string, string>>;

function kubectlChild({ kubectl }: Cluster, env: Environment, ...args: string[]) {
  return new Deno.Command("kubectl", {
    args,
    env: { KUBECONFIG: kubectl.kubeconfig, HOME: kubectl.home, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function copies({ kubectl }: Cluster, prefix: string): Promise<void> {
  const script = [
    "set -e",
    "rm -rf $HOME/cp && mkdir $HOME/cp && cd $HOME/cp",
    `${prefix}kubectl cp web:/www/big big`,
    `${prefix}kubectl cp big web:/tmp/back`,
    `${prefix}kubectl exec web -- busybox cmp /www/big /tmp/back`,
    "mkdir -p folder/below && echo deep > folder/below/file",
    `${prefix}kubectl cp folder web:/tmp/folder`,
    `${prefix}kubectl exec web -- cat /tmp/folder/below/file`,
    `${prefix}kubectl exec web -- rm -r /tmp/folder /tmp/back`,
  ].join("\n");
  const { code, stdout, stderr } = await kubectl.shell(script);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /deep\n$/);
}

async function attach({ kubectl }: Cluster, prefix: string): Promise<void> {
  const word = `line-${prefix.length}`;
  const command = `(echo ${word}; sleep 2) | timeout 3 ${prefix === "" ? "" : `env ${prefix}`}` +
    "kubectl attach -i reader";
  const { stdout, stderr } = await kubectl.shell(command);
  assert.match(stdout, new RegExp(`got ${word}`), stderr);
}

/** A `kubectl port-forward` that runs; `ports` are its local ones, in the order of the arguments. */
class Forward implements AsyncDisposable {
  private constructor(
    readonly child: Deno.ChildProcess,
    readonly ports: readonly number[],
    readonly stderr: Promise<string>,
  ) {}

  static async open(
    cluster: Cluster,
    env: Environment,
    target: string,
    ...ports: string[]
  ): Promise<Forward> {
    const child = kubectlChild(cluster, env, "port-forward", target, ...ports);
    const stderr = new Response(child.stderr).text();
    const local: number[] = [];
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (local.length < ports.length) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`kubectl port-forward ${target}: ${await stderr}`);
      text += value;
      const found = [...text.matchAll(/from 127\.0\.0\.1:(\d+) ->.*\n/g)].map(([, port]) => port);
      local.splice(0, local.length, ...found.map(Number));
    }
    void (async () => {
      while (!(await reader.read()).done);
    })();
    return new Forward(child, local, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGTERM");
    } catch {
      // it has ended by itself
    }
    await this.child.status;
    await this.stderr;
  }
}

async function forwards(cluster: Cluster, env: Environment): Promise<void> {
  await using pod = await Forward.open(cluster, env, "pod/web", ":8080", ":7");
  const [http = 0, echo = 0] = pod.ports;
  const page = async (port: number, path: string) =>
    new Uint8Array(await (await fetch(`http://127.0.0.1:${port}/${path}`)).arrayBuffer());
  const pages = await Promise.all(Array.from({ length: 30 }, () => page(http, "index.html")));
  for (const bytes of pages) assert.equal(new TextDecoder().decode(bytes), "front\n");
  assert.equal((await page(http, "big")).length, BIG_BYTES);
  await using service = await Forward.open(cluster, env, "svc/web", ":80");
  assert.equal((await page(service.ports[0] ?? 0, "index.html")).length, 6);
  await halfClosed(echo);
}

/** Everything comes back, also after this side has ended. */
async function halfClosed(port: number): Promise<void> {
  using connection = await Deno.connect({ port });
  const sent = new Uint8Array(1 << 20).fill(97);
  const writing = (async () => {
    for (let at = 0; at < sent.length;) at += await connection.write(sent.subarray(at));
    await connection.closeWrite();
  })();
  const got = new Uint8Array(await new Response(connection.readable).arrayBuffer());
  await writing;
  assert.equal(got.length, sent.length);
}

async function loopback(cluster: Cluster, env: Environment): Promise<void> {
  await using forward = await Forward.open(cluster, env, "pod/web", ":8081");
  const answer = await fetch(`http://127.0.0.1:${forward.ports[0]}/index.html`);
  assert.equal(await answer.text(), "front\n");
}

async function closedPort(cluster: Cluster, env: Environment): Promise<void> {
  await using forward = await Forward.open(cluster, env, "pod/web", ":9");
  await assert.rejects(fetch(`http://127.0.0.1:${forward.ports[0]}/`));
  const { code } = await forward.child.status;
  assert.equal(code, 1);
  const text = await forward.stderr;
  assert.match(text, /error forwarding port 9 to pod web, uid .*connection refused/);
  assert.match(text, /error: lost connection to pod/);
}

async function proxies({ kubectl }: Cluster): Promise<void> {
  const raw = (path: string) => kubectl.run("get", "--raw", path);
  const place = "/api/v1/namespaces/default";
  assert.equal(await raw(`${place}/pods/web/proxy/`), "front\n");
  assert.equal(await raw(`${place}/pods/http:web:8080/proxy/index.html?a=b`), "front\n");
  assert.equal(await raw(`${place}/services/web/proxy/`), "front\n");
  assert.equal(await raw(`${place}/services/web:80/proxy/`), "front\n");
  assert.equal(await raw("/api/v1/nodes/e2e-node/proxy/healthz"), "ok");
  const closed = await kubectl.try(["get", "--raw", `${place}/pods/web:9/proxy/`]);
  assert.match(closed.stderr, /error trying to reach service: dial tcp .*connection refused/);
}

async function kubectlProxy(cluster: Cluster): Promise<void> {
  const child = kubectlChild(cluster, {}, "proxy", "--port=0");
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const [address] = /127\.0\.0\.1:\d+/.exec(value) ?? [];
  const place = `http://${address}/api/v1/namespaces/default`;
  const page = async (path: string) => await (await fetch(`${place}/${path}`)).text();
  assert.equal(await page("services/web/proxy/"), "front\n");
  assert.equal(await page("pods/web/proxy"), "front\n");
  child.kill("SIGTERM");
  await Promise.all([child.status, child.stderr.cancel(), reader.cancel()]);
  assert.match(await cluster.kubectl.run("cluster-info"), /control plane.* is running at/);
}
