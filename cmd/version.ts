import config from "../deno.json" with { type: "json" };

export const VERSION = config.version;
