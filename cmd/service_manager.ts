import { type Role, type ServiceManager, serviceOf } from "./installation.ts";

/** Looked for on the host itself, or as a folder for what is being prepared for another. */
export async function whichManager(root: string): Promise<ServiceManager> {
  const isThere = (path: string) => Deno.stat(`${root}${path}`).then(() => true, () => false);
  if (root === "" && await isThere("/run/systemd/system")) return "systemd";
  if (await isThere("/sbin/initctl") && await isThere("/etc/init")) return "upstart";
  return root === "" ? "none" : "systemd";
}

/** @param isChanged whether there is anything that a running process does not have yet */
export async function startService(
  manager: ServiceManager,
  role: Role,
  isChanged: boolean,
): Promise<string> {
  const service = serviceOf(role);
  switch (manager) {
    case "systemd":
      await run("systemctl", "daemon-reload");
      await run("systemctl", isChanged ? "restart" : "start", service);
      return "started by systemd, and with every start of the host";
    case "upstart":
      await run("initctl", "reload-configuration");
      if (isChanged) await attempt("initctl", "stop", service);
      await attempt("initctl", "start", service);
      return "started by upstart, and with every start of the host";
    case "none":
      return `not started, as no service manager runs here: wherry ${role} runs it, ` +
        "with the flags of its file in /etc/wherry";
  }
}

export async function stopService(manager: ServiceManager, role: Role): Promise<string> {
  const service = serviceOf(role);
  if (manager === "systemd") return await attempt("systemctl", "stop", service);
  if (manager === "upstart") return await attempt("initctl", "stop", service);
  return "no service manager runs here";
}

/** What was removed is forgotten. */
export async function forgetServices(manager: ServiceManager): Promise<void> {
  if (manager === "systemd") await run("systemctl", "daemon-reload");
  if (manager === "upstart") await run("initctl", "reload-configuration");
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (code === 0) return;
  const why = new TextDecoder().decode(stderr).trim();
  throw new Error(`${program} ${args.join(" ")} failed: ${why}`);
}

/** For a service that may not be there, or may be in that state already. */
async function attempt(program: string, ...args: string[]): Promise<string> {
  try {
    await run(program, ...args);
    return "done";
  } catch (error) {
    return `was not needed (${(error as Error).message})`;
  }
}
