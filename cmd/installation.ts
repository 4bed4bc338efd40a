/** The two processes of Wherry, each of which a host may run. */
export const ROLES = ["master", "agent"] as const;

export type Role = typeof ROLES[number];

/** What starts processes with the host and again when they end; "none" where a container has no such thing. */
export type ServiceManager = "systemd" | "upstart" | "none";

export const PROGRAM = "/usr/local/bin/wherry";
const CONFIG_FOLDER = "/etc/wherry";
const SYSTEMD_FOLDER = "/etc/systemd/system";
const UPSTART_FOLDER = "/etc/init";

export const serviceOf = (role: Role) => `wherry-${role}`;
export const environmentFileOf = (role: Role) => `${CONFIG_FOLDER}/${role}.env`;
const unitOf = (role: Role) => `${SYSTEMD_FOLDER}/${serviceOf(role)}.service`;
const wantOf = (role: Role) =>
  `${SYSTEMD_FOLDER}/multi-user.target.wants/${serviceOf(role)}.service`;
const jobOf = (role: Role) => `${UPSTART_FOLDER}/${serviceOf(role)}.conf`;

/** One thing that an installed host has, by its absolute path. */
export type Installed =
  & { readonly path: string }
  & (
    | { readonly text: string; readonly mode: number }
    | { readonly copyOf: string; readonly mode: number }
    | { readonly linkTo: string }
  );

export interface InstallWish {
  readonly roles: readonly Role[];
  readonly manager: ServiceManager;
  /** The one file that is running. */
  readonly program: string;
  /** For the processes, as typed; [] keeps what an earlier installation wrote. */
  readonly flags: readonly string[];
  /** Environment files that are there, by path. */
  readonly environments: ReadonlyMap<string, string>;
  /** Files of deploy/, by name. */
  readonly services: ReadonlyMap<string, string>;
}

/** Everything that should be there; what is so already is written again in vain, and harms nothing. */
export function planInstall(wish: InstallWish): Installed[] {
  const program: Installed = { path: PROGRAM, copyOf: wish.program, mode: 0o755 };
  return [program, ...wish.roles.flatMap((role) => filesOf(role, wish))];
}

function filesOf(role: Role, wish: InstallWish): Installed[] {
  const path = environmentFileOf(role);
  const before = wish.flags.length === 0 ? wish.environments.get(path) : undefined;
  // Flags may hold a token: for root alone.
  const environment = { path, text: before ?? environmentText(role, wish.flags), mode: 0o600 };
  const text = (name: string) => wish.services.get(name) ?? "";
  if (wish.manager === "upstart") {
    return [environment, { path: jobOf(role), text: text(`${serviceOf(role)}.conf`), mode: 0o644 }];
  }
  const unit = unitOf(role);
  return [
    environment,
    { path: unit, text: text(`${serviceOf(role)}.service`), mode: 0o644 },
    { path: wantOf(role), linkTo: unit },
  ];
}

/** Whatever an installation may have laid down, in the order in which it goes. */
export function pathsToRemove(): string[] {
  const ofRoles = ROLES.flatMap((role) => [wantOf(role), unitOf(role), jobOf(role)]);
  return [...ofRoles, CONFIG_FOLDER, PROGRAM];
}

/** Shells and systemd read it alike: no flag holds a blank, a quote or a dollar sign. */
export function environmentText(role: Role, flags: readonly string[]): string {
  const about =
    `# Flags of \`wherry ${role}\`, which \`wherry help\` lists; they hold from its next start.`;
  return `${about}\nWHERRY_FLAGS="${flags.join(" ")}"\n`;
}

/** @throws {Error} naming the flag that no environment file can carry */
export function rejectUnquotable(flags: readonly string[]): void {
  const wrong = flags.find((flag) => /[\s"'$`\\]/.test(flag));
  if (wrong === undefined) return;
  const rule = "blanks, quotes, $ and \\ cannot be kept in an environment file";
  throw new Error(`Cannot install with ${JSON.stringify(wrong)}: ${rule}`);
}

/** @returns the flags of an environment file; undefined when there is no such line */
export function flagsIn(environment: string): string[] | undefined {
  const line = /^WHERRY_FLAGS="?([^"\n]*)"?$/m.exec(environment);
  return line?.[1]?.split(/\s+/).filter((flag) => flag !== "");
}
