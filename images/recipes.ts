/** A file of an image: its text, or where it comes from in this repository, or what it links to. */
export type ImageFile =
  | { readonly text: string; readonly mode?: number }
  | { readonly from: string; readonly mode?: number }
  | { readonly linkTo: string };

/** How an image is made of Debian packages and a few files of our own, with no registry in sight. */
export interface Recipe {
  readonly name: string;
  /** Debian packages; the libraries they depend on come along. */
  readonly packages: readonly string[];
  /** By absolute path. */
  readonly files: Readonly<Record<string, ImageFile>>;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
}

/** Names that the tests and the agent's default ask for. */
export const PAUSE_IMAGE = "wherry/pause:1";
export const BUSYBOX_IMAGE = "wherry/busybox:1";
export const NGINX_IMAGE = "wherry/nginx:1";
export const REDIS_IMAGE = "wherry/redis:1";

/** Commands that a shell in the image finds; each is a link to busybox. */
const APPLETS = [
  ..."sh ash cat echo ls env hostname id ps kill sleep date head tail grep sed awk cut sort tr wc"
    .split(" "),
  ..."true false test printf mkdir rm cp mv ln touch stat chmod chown df du mount find xargs seq"
    .split(" "),
  ..."wget nc ping nslookup ip route ifconfig httpd tee dd od md5sum sha256sum tar gzip top free"
    .split(" "),
  ..."uname whoami expr yes timeout usleep vi readlink dirname basename stty tty which nproc".split(
    " ",
  ),
];

const ACCOUNTS: Record<string, ImageFile> = {
  "/etc/passwd": {
    text: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  },
  "/etc/group": { text: "root:x:0:\nnogroup:x:65534:\n" },
  "/tmp/.keep": { text: "" },
};

const SHELL: Record<string, ImageFile> = Object.fromEntries(
  APPLETS.map((applet) => [`/bin/${applet}`, { linkTo: "busybox" }]),
);

/** Answers with the name of the container, so that whoever asks can count how requests spread. */
const NGINX_CONF = `daemon off;
user root;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 80;
    default_type text/plain;
    location = /hostname { return 200 "$hostname\\n"; }
    location = /healthz { access_log off; return 200 "ok\\n"; }
    location = / {
      default_type text/html;
      return 200 "<!doctype html><title>nginx</title><h1>Welcome to nginx</h1><p>Served by $hostname\\n";
    }
    location / { root /usr/share/nginx/html; }
  }
}
`;

export const PAUSE: Recipe = {
  name: PAUSE_IMAGE,
  packages: [],
  files: { "/pause": { from: "images/pause/pause", mode: 0o755 } },
  changes: [`ENTRYPOINT ["/pause"]`],
};

export const BUSYBOX: Recipe = {
  name: BUSYBOX_IMAGE,
  packages: ["busybox-static"],
  files: { ...ACCOUNTS, ...SHELL },
  changes: [`ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin`, `CMD ["/bin/sh"]`],
};

export const NGINX: Recipe = {
  name: NGINX_IMAGE,
  packages: ["busybox-static", "nginx"],
  files: {
    ...ACCOUNTS,
    ...SHELL,
    "/etc/nginx/nginx.conf": { text: NGINX_CONF },
    "/usr/share/nginx/html/index.html": { text: "nginx\n" },
    "/var/log/nginx/.keep": { text: "" },
  },
  changes: [
    `ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin`,
    `EXPOSE 80`,
    `CMD ["/usr/sbin/nginx", "-e", "stderr"]`,
  ],
};

export const REDIS: Recipe = {
  name: REDIS_IMAGE,
  packages: ["busybox-static", "redis-server", "redis-tools"],
  files: { ...ACCOUNTS, ...SHELL, "/data/.keep": { text: "" } },
  changes: [
    `ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin`,
    `EXPOSE 6379`,
    `WORKDIR /data`,
    `CMD ["/usr/bin/redis-server", "--protected-mode", "no", "--save", ""]`,
  ],
};
