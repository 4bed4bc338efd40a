import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Secret } from "../api/types/core_v1.ts";
import { isImageReference, repositoryOf } from "./image_reference.ts";
import { loginsFor } from "./pull_secrets.ts";

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const BOTH = { auth: Buffer.from("ann:pass:word").toString("base64") };

function config(auths: Record<string, unknown>): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": encoded({ auths }) },
  };
}

function oldConfig(auths: Record<string, unknown>): Secret {
  const data = { ".dockercfg": encoded(auths) };
  return { ...config({}), type: "kubernetes.io/dockercfg", data };
}

// deno-fmt-ignore
const LOGINS = [
  { name: "of its registry",           image: "r.example:5000/shop:1",   secret: config({ "r.example:5000": BOTH }),      want: ["ann pass:word"] },
  { name: "written as an address",     image: "r.example:5000/shop",     secret: config({ "https://r.example:5000/v2/": BOTH }), want: ["ann pass:word"] },
  { name: "with name and password",    image: "r.example/shop",          secret: config({ "r.example": { username: "bob", password: "p" } }), want: ["bob p"] },
  { name: "in the old form",           image: "r.example/shop",          secret: oldConfig({ "r.example": BOTH }),        want: ["ann pass:word"] },
  { name: "with a star for one label", image: "eu.r.example/shop",       secret: config({ "*.r.example": BOTH }),         want: ["ann pass:word"] },
  { name: "not with a star for two",   image: "a.eu.r.example/shop",     secret: config({ "*.r.example": BOTH }),         want: [] },
  { name: "below a path",              image: "r.example/team/shop",     secret: config({ "r.example/team": BOTH }),      want: ["ann pass:word"] },
  { name: "not below another path",    image: "r.example/other/shop",    secret: config({ "r.example/team": BOTH }),      want: [] },
  { name: "of the hub",                image: "shop",                    secret: config({ "https://index.docker.io/v1/": BOTH }), want: ["ann pass:word"] },
  { name: "not of another registry",   image: "q.example/shop",          secret: config({ "r.example": BOTH }),           want: [] },
  { name: "the most exact first",      image: "r.example/team/shop",     secret: config({ "r.example": BOTH, "r.example/team": { username: "bob", password: "p" } }), want: ["bob p", "ann pass:word"] },
  { name: "none in what is no JSON",   image: "r.example/shop",          secret: { ...config({}), data: { ".dockerconfigjson": "bm9uZQ==" } }, want: [] },
];
for (const { name, image, secret, want } of LOGINS) {
  Deno.test(`loginsFor: ${name}`, () => {
    const found = loginsFor(image, [secret]).map((one) => `${one.username} ${one.password}`);
    assert.deepEqual(found, want);
  });
}

// deno-fmt-ignore
const REFERENCES = [
  { image: "busybox",                     is: true,  repository: "index.docker.io/library/busybox" },
  { image: "team/shop:1.2",               is: true,  repository: "index.docker.io/team/shop" },
  { image: "localhost/shop",              is: true,  repository: "localhost/shop" },
  { image: "127.0.0.1:5000/a/b:v1",       is: true,  repository: "127.0.0.1:5000/a/b" },
  { image: `a@sha256:${"0".repeat(64)}`,  is: true,  repository: "index.docker.io/library/a" },
  { image: "Upper/Case",                  is: false, repository: "index.docker.io/Upper/Case" },
  { image: "a b",                         is: false, repository: "index.docker.io/library/a b" },
  { image: "shop:",                       is: false, repository: "index.docker.io/library/shop:" },
  { image: "/shop",                       is: false, repository: "index.docker.io//shop" },
];
for (const { image, is, repository } of REFERENCES) {
  Deno.test(`isImageReference: ${image} is ${is ? "one" : "none"}`, () => {
    assert.equal(isImageReference(image), is);
    assert.equal(repositoryOf(image), repository);
  });
}
