/**
 * Settings of the host that a cluster changes, with what stood there before: the last cluster that needs one puts it
 * back. The record lies where a reboot clears it, as it clears the settings themselves.
 */
import { exists, listFolder, makeFolder, removeTree } from "./host_files.ts";

const RECORDS = "/run/wherry/borrowed";
const SYSCTLS = "/proc/sys";

/** Other places, in tests. */
export interface Places {
  readonly records: string;
  readonly sysctls: string;
}

async function placesHere(): Promise<Places> {
  // sysctls of the network are those of a namespace: a host within this host has its own
  const space = (await Deno.readLink("/proc/self/ns/net")).replaceAll(/\D/g, "");
  return { records: `${RECORDS}/${space}`, sysctls: SYSCTLS };
}

/** Gives a kernel setting this value, and notes that the cluster needs it, unless it has the value by itself. */
export async function borrowSysctl(
  cluster: string,
  name: string,
  value: string,
  places?: Places,
): Promise<void> {
  const { records, sysctls } = places ?? await placesHere();
  const path = pathOf(sysctls, name);
  const folder = `${records}/${name}`;
  const before = (await Deno.readTextFile(path)).trim();
  const isBorrowed = await exists(`${folder}/before`);
  if (before === value && !isBorrowed) return; // the host's own choice
  await makeFolder(`${folder}/by`);
  if (!isBorrowed) await Deno.writeTextFile(`${folder}/before`, before);
  await Deno.writeTextFile(`${folder}/by/${cluster}`, "");
  if (before !== value) await Deno.writeTextFile(path, value);
}

/** The cluster needs nothing any more. @returns names of what stands as before again */
export async function returnBorrowed(cluster: string, places?: Places): Promise<string[]> {
  const { records, sysctls } = places ?? await placesHere();
  const returned: string[] = [];
  for (const name of await listFolder(records)) {
    const folder = `${records}/${name}`;
    if (!await exists(`${folder}/by/${cluster}`)) continue;
    await removeTree(`${folder}/by/${cluster}`);
    if ((await listFolder(`${folder}/by`)).length > 0) continue;
    const before = await Deno.readTextFile(`${folder}/before`);
    await Deno.writeTextFile(pathOf(sysctls, name), before);
    await removeTree(folder);
    returned.push(name);
  }
  if ((await listFolder(records)).length === 0) await removeTree(records);
  return returned;
}

const pathOf = (sysctls: string, name: string) => `${sysctls}/${name.replaceAll(".", "/")}`;
