import { deepEqual } from "node:assert/strict";
import { librariesIn } from "./debian.ts";

Deno.test("debian: follows libraries, not alternatives, virtual packages or whole systems", () => {
  const text = `redis-tools
  Depends: adduser
  Depends: libatomic1
  PreDepends: libc6
 |Depends: libsystemd0
  Depends: libelogind0
  Depends: <libvirtual>
  Depends: zlib1g
  Suggests: libruby
`;
  deepEqual(librariesIn(text), ["libatomic1", "libc6", "libsystemd0", "zlib1g"]);
});
