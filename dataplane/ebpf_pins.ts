import { SERVICE_LB_ABI } from "./maps.ts";
import type { ClusterNames } from "./names.ts";

/** Where programs and maps are pinned, so that they work on while no agent runs. */
export interface EbpfPins {
  /** Programs on cgroups, by hook. */
  readonly links: string;
  /** Programs on links of pods and the overlay, by the link's name. */
  readonly networkLinks: string;
  /** The same, on links to the world. */
  readonly uplinks: string;
  /** Maps of every layout. */
  readonly mapsRoot: string;
  /** Maps of this layout: another one gets maps of its own. */
  readonly mapsHere: string;
}

export function ebpfPinsOf({ pins }: ClusterNames): EbpfPins {
  const mapsRoot = `${pins}/maps`;
  return {
    links: `${pins}/links`,
    networkLinks: `${pins}/network-links`,
    uplinks: `${pins}/uplinks`,
    mapsRoot,
    mapsHere: `${mapsRoot}/v${SERVICE_LB_ABI}`,
  };
}
