import type { Container, ContainerStatus, Pod, PodSpec } from "../../api/types/core_v1.ts";

const IMAGE = "busybox:1.35";
const FOR_EVER = "sleep 3600";
/** Ends by SIGTERM at once, having noted its name in the shared folder. */
const NOTES_ITS_END = (name: string) =>
  `trap 'echo ${name} >> /notes/ends; exit 0' TERM; touch /notes/${name}; ` +
  "while :; do sleep 0.1; done";

export function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: IMAGE, command: ["sh", "-c", script], ...more };
}

/** A pod, and what is still wrong with it: "" once it is as it should be. */
export interface LifeCase {
  readonly name: string;
  readonly spec: PodSpec;
  complaint(pod: Pod, printed: string): string;
}

const notes = { volumeMounts: [{ name: "notes", mountPath: "/notes" }] };
const volumes = [{ name: "notes", emptyDir: {} }];

function never(containers: Container[], more: Partial<PodSpec> = {}): PodSpec {
  return { restartPolicy: "Never", terminationGracePeriodSeconds: 5, containers, ...more };
}

function always(containers: Container[], more: Partial<PodSpec> = {}): PodSpec {
  return { ...never(containers, more), restartPolicy: "Always" };
}

/** Compares what the pod shows, as text, with what it should show. */
function shows(read: (pod: Pod, printed: string) => unknown, want: string): LifeCase["complaint"] {
  return (pod, printed) => {
    const got = String(read(pod, printed));
    return got === want ? "" : `${pod.metadata.name} shows ${got}, not ${want}`;
  };
}

/** The column STATUS of `kubectl get`. */
const prints = (...wanted: string[]): LifeCase["complaint"] => (pod, printed) =>
  wanted.includes(printed)
    ? ""
    : `${pod.metadata.name} is printed as ${printed}, not ${wanted.join(" or ")}`;

export const statusOf = (pod: Pod, name = "main"): ContainerStatus | undefined =>
  [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []]
    .find((one) => one.name === name);
const endOf = (pod: Pod, name = "main") => statusOf(pod, name)?.state?.terminated;
const lastEndOf = (pod: Pod, name = "main") => statusOf(pod, name)?.lastState?.terminated;
const conditionOf = (pod: Pod, wanted: string) =>
  pod.status?.conditions?.find(({ type }) => type === wanted);

const exits = (code: number) =>
  shows((pod) => `${endOf(pod)?.exitCode} ${endOf(pod)?.reason}`, `${code} ${reasonOf(code)}`);
const reasonOf = (code: number) => code === 0 ? "Completed" : "Error";
const message = (want: string) => shows((pod) => endOf(pod)?.message?.trim(), want);

// deno-fmt-ignore
export const LIFE_CASES: readonly LifeCase[] = [
  { name: "init-order", complaint: message("one two"),
    spec: never([shell("main", "tr '\\n' ' ' < /notes/order > /dev/termination-log", notes)], { volumes, initContainers: [
      shell("one", "sleep 1; echo one >> /notes/order", notes), shell("two", "echo two >> /notes/order", notes) ] }) },
  { name: "init-fails", complaint: prints("Init:Error", "Init:CrashLoopBackOff"),
    spec: always([shell("main", FOR_EVER)], { initContainers: [shell("one", "exit 1")] }) },
  { name: "init-fails-for-good", complaint: shows((pod, printed) => `${pod.status?.phase} ${printed}`, "Failed Init:Error"),
    spec: never([shell("main", FOR_EVER)], { initContainers: [shell("one", "exit 1")] }) },
  { name: "sidecar-of-a-job", complaint: shows((pod) => `${pod.status?.phase} ${endOf(pod)?.message?.trim()} ${endOf(pod, "side") !== undefined}`, "Succeeded up true"),
    spec: never([shell("main", "cat /notes/up > /dev/termination-log", notes)], { volumes, initContainers: [
      shell("side", `sleep 1; echo up > /notes/up; ${FOR_EVER}`, { ...notes, restartPolicy: "Always", startupProbe: { exec: { command: ["test", "-e", "/notes/up"] }, periodSeconds: 1, failureThreshold: 30 } }) ] }) },
  { name: "sidecar-restarts", complaint: (pod) => (statusOf(pod, "side")?.restartCount ?? 0) > 0 && statusOf(pod)?.restartCount === 0 && pod.status?.phase === "Running" ? "" : "the sidecar alone must restart",
    spec: never([shell("main", `touch /notes/main; ${FOR_EVER}`, notes)], { volumes, initContainers: [shell("side", "while ! test -e /notes/main; do sleep 0.1; done; exit 1", { ...notes, restartPolicy: "Always" })] }) },
  { name: "sidecars-end-last", complaint: shows((pod) => endOf(pod, "first")?.message?.trim(), "second"),
    spec: never([shell("main", "sleep 2", notes)], { volumes, initContainers: [
      shell("first", "trap 'cat /notes/ends > /dev/termination-log; exit 0' TERM; while :; do sleep 0.1; done", { ...notes, restartPolicy: "Always" }),
      shell("second", NOTES_ITS_END("second"), { ...notes, restartPolicy: "Always" }) ] }) },
  { name: "post-start", complaint: message("hooked"),
    spec: never([shell("main", "while ! test -e /notes/hook; do sleep 0.1; done; cat /notes/hook > /dev/termination-log", { ...notes, lifecycle: { postStart: { exec: { command: ["sh", "-c", "echo hooked > /notes/.h && mv /notes/.h /notes/hook"] } } } })], { volumes }) },
  { name: "post-start-fails", complaint: (pod) => (statusOf(pod)?.restartCount ?? 0) > 0 && lastEndOf(pod) !== undefined ? "" : "a container whose hook failed must restart",
    spec: always([shell("main", FOR_EVER, { lifecycle: { postStart: { exec: { command: ["false"] } } } })], { terminationGracePeriodSeconds: 1 }) },
  { name: "message-file", complaint: message("last words"),      spec: never([shell("main", "echo last words > /tmp/why; exit 2", { terminationMessagePath: "/tmp/why" })]) },
  { name: "message-long", complaint: shows((pod) => endOf(pod)?.message?.length, "4096"), spec: never([shell("main", "yes | head -c 9000 > /dev/termination-log; exit 2")]) },
  { name: "message-log",  complaint: message("from the log"),    spec: never([shell("main", "echo from the log; exit 2", { terminationMessagePolicy: "FallbackToLogsOnError" })]) },
  { name: "message-none", complaint: shows((pod) => endOf(pod) === undefined ? "running" : endOf(pod)?.message, "undefined"), spec: never([shell("main", "echo from the log; exit 0", { terminationMessagePolicy: "FallbackToLogsOnError" })]) },
  { name: "exit-well",    complaint: exits(0),                   spec: never([shell("main", "exit 0")]) },
  { name: "exit-3",       complaint: exits(3),                   spec: never([shell("main", "exit 3")]) },
  { name: "exit-137",     complaint: exits(137),                 spec: never([shell("main", "exit 137")]) },
  { name: "exit-oom",     complaint: shows((pod) => endOf(pod)?.reason, "OOMKilled"),  spec: never([shell("main", "exec dd if=/dev/zero of=/dev/null bs=256M count=4", { resources: { limits: { memory: "16Mi" } } })]) },
  { name: "exit-no-file", complaint: shows((pod) => `${endOf(pod)?.exitCode} ${endOf(pod)?.reason}`, "128 StartError"), spec: never([{ name: "main", image: IMAGE, command: ["/no/such/file"] }]) },
  { name: "deadline",     complaint: shows((pod) => `${pod.status?.phase} ${pod.status?.reason}`, "Failed DeadlineExceeded"), spec: never([shell("main", FOR_EVER)], { activeDeadlineSeconds: 2, terminationGracePeriodSeconds: 1 }) },
  { name: "gated",        complaint: shows((pod) => `${conditionOf(pod, "ContainersReady")?.status} ${conditionOf(pod, "Ready")?.reason}`, "True ReadinessGatesNotReady"), spec: never([shell("main", FOR_EVER)], { readinessGates: [{ conditionType: "example.com/ready" }] }) },
  { name: "starting",     complaint: shows((pod) => ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => conditionOf(pod, type)?.status).join(" "), "True True True True True"), spec: never([shell("main", FOR_EVER)]) },
  { name: "burstable",    complaint: shows((pod) => pod.status?.qosClass, "Burstable"),  spec: never([shell("main", FOR_EVER, { resources: { requests: { cpu: "10m" } } })]) },
  { name: "guaranteed",   complaint: shows((pod) => pod.status?.qosClass, "Guaranteed"), spec: never([shell("main", FOR_EVER, { resources: { limits: { cpu: "100m", memory: "32Mi" } } })]) },
  { name: "bad-name",     complaint: prints("InvalidImageName"),           spec: always([{ name: "main", image: "Not/An/Image" }]) },
  { name: "never-pulled", complaint: prints("ErrImageNeverPull"),          spec: always([{ name: "main", image: "nowhere:1", imagePullPolicy: "Never" }]) },
  { name: "no-registry",  complaint: prints("ErrImagePull", "ImagePullBackOff"), spec: always([{ name: "main", image: "127.0.0.1:1/nowhere:1" }]) },
  { name: "no-config",    complaint: prints("CreateContainerConfigError"), spec: always([shell("main", FOR_EVER, { envFrom: [{ configMapRef: { name: "absent" } }] })]) },
  { name: "cannot-run",   complaint: prints("RunContainerError", "CrashLoopBackOff", "StartError"), spec: always([{ name: "main", image: IMAGE, command: ["/no/such/file"] }]) },
  { name: "crashes",      complaint: prints("CrashLoopBackOff"),           spec: always([shell("main", "exit 1")]) },
  { name: "unhealthy",    complaint: (pod) => (statusOf(pod)?.restartCount ?? 0) > 0 && lastEndOf(pod)?.exitCode === 137 ? "" : "a failed liveness probe must restart it, by its own grace period",
    spec: always([shell("main", `trap '' TERM; ${FOR_EVER}`, { livenessProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 } })], { terminationGracePeriodSeconds: 300 }) },
  { name: "slow-start",   complaint: (pod) => statusOf(pod)?.started === true && statusOf(pod)?.ready === true && statusOf(pod)?.restartCount === 0 ? "" : "a startup probe must hold back the liveness probe",
    spec: always([shell("main", `sleep 3; touch /tmp/up; ${FOR_EVER}`, { startupProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 30 }, livenessProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 30 } })]) },
  { name: "http-probe",   complaint: shows((pod) => conditionOf(pod, "Ready")?.status, "True"),
    spec: always([shell("main", "mkdir /www; echo ok > /www/ok; exec httpd -f -p 8080 -h /www", { ports: [{ name: "web", containerPort: 8080 }], readinessProbe: { httpGet: { path: "/ok", port: "web", httpHeaders: [{ name: "X-Probe", value: "1" }] }, periodSeconds: 1 } })]) },
  { name: "http-404",     complaint: shows((pod) => `${pod.status?.phase} ${conditionOf(pod, "Ready")?.status}`, "Running False"),
    spec: always([shell("main", "mkdir /www; exec httpd -f -p 8080 -h /www", { readinessProbe: { httpGet: { path: "/absent", port: 8080 }, periodSeconds: 1 } })]) },
  { name: "tcp-probe",    complaint: shows((pod) => conditionOf(pod, "Ready")?.status, "True"),
    spec: always([shell("main", "exec httpd -f -p 8080 -h /tmp", { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }, livenessProbe: { tcpSocket: { port: 8080 } } })]) },
  { name: "exec-late",    complaint: shows((pod) => `${pod.status?.phase} ${conditionOf(pod, "Ready")?.status}`, "Running False"),
    spec: always([shell("main", FOR_EVER, { readinessProbe: { exec: { command: ["sleep", "77"] }, timeoutSeconds: 1, periodSeconds: 1 } })]) },
];
