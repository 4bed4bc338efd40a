/** A number of pods, or a part of all pods in percent. */
export type PodAmount = number | string;

/** @param round which way a part of a pod counts */
export function podsIn(amount: PodAmount, all: number, round: "up" | "down"): number {
  if (typeof amount === "number") return amount;
  const part = all * (parseInt(amount) || 0) / 100;
  return round === "up" ? Math.ceil(part) : Math.floor(part);
}
