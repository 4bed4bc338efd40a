/**
 * Builds `images/pause/pause`, the static binary that is committed beside its source. Needs gcc (or CC); the
 * same source and compiler give the same bytes. Run it after a change of `pause.c`: `deno run -A tools/build_pause.ts`.
 */
const FLAGS = [
  ..."-Os -static -nostdlib -nostartfiles -ffreestanding -fno-stack-protector -fno-pie -no-pie"
    .split(" "),
  ..."-fno-asynchronous-unwind-tables -fomit-frame-pointer -fcf-protection=none -Wall -Wextra -Werror"
    .split(" "),
  ..."-Wl,-n,--build-id=none,-z,noexecstack,-z,norelro,--strip-all".split(" "),
];
const FOLDER = new URL("../images/pause/", import.meta.url).pathname;

const compiler = Deno.env.get("CC") ?? "gcc";
const { code } = await new Deno.Command(compiler, {
  args: [...FLAGS, "-o", `${FOLDER}pause`, `${FOLDER}pause.c`],
}).spawn().status;
if (code !== 0) Deno.exit(code);
console.log(`images/pause/pause: ${(await Deno.stat(`${FOLDER}pause`)).size} bytes`);
