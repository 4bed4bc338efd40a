import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Peer } from "./authenticate.ts";

/** Extended key usage, client authentication and "any": the DER bytes of their object identifiers. */
const EXTENDED_KEY_USAGE = Uint8Array.of(0x06, 0x03, 0x55, 0x1d, 0x25);
const CLIENT_AUTH = Uint8Array.of(0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 2);
const ANY_USAGE = Uint8Array.of(0x06, 0x04, 0x55, 0x1d, 0x25, 0x00);

/**
 * Who holds the other end of a connection. The certificate is verified here in any case: on a resumed session
 * the TLS layer calls every certificate authorized, also one that it refused when the session began.
 * @param now milliseconds since 1970
 * @returns undefined where there is no certificate, or none that this authority gave to a client
 */
export function peerOf(
  socket: TLSSocket,
  authorities: readonly X509Certificate[],
  now: number,
): Peer | undefined {
  if (!socket.authorized) return undefined;
  const { raw } = socket.getPeerCertificate() ?? {};
  if (raw === undefined) return undefined;
  const certificate = new X509Certificate(raw);
  if (!isClientOf(authorities, certificate, now)) return undefined;
  const subject = subjectOf(certificate);
  return subject && { ...subject, until: Date.parse(certificate.validTo) };
}

export function isClientOf(
  authorities: readonly X509Certificate[],
  certificate: X509Certificate,
  now: number,
): boolean {
  const isInTime = Date.parse(certificate.validFrom) <= now &&
    now <= Date.parse(certificate.validTo);
  const isIssued = authorities.some((authority) =>
    certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  );
  return isInTime && isIssued && !certificate.ca && isForClients(certificate.raw);
}

/** The extension is searched in the bytes: the signature over them has been checked. */
function isForClients(der: Uint8Array): boolean {
  const bytes = Buffer.from(der);
  const at = bytes.indexOf(EXTENDED_KEY_USAGE);
  if (at < 0) return false;
  const value = bytes.subarray(at + EXTENDED_KEY_USAGE.length);
  const length = value.indexOf(0x04) + 2 + (value[value.indexOf(0x04) + 1] ?? 0);
  const usages = value.subarray(0, length);
  return usages.includes(Buffer.from(CLIENT_AUTH)) || usages.includes(Buffer.from(ANY_USAGE));
}

/** A part that stands once is text, and a list where it stands more often. */
type Subject = Readonly<Record<"CN" | "O", string | string[] | undefined>>;

/** `CN` is the name of the user and each `O` a group. Source: Kubernetes, x509 client certificates. */
export function subjectOf(certificate: X509Certificate): Peer | undefined {
  const { CN, O } = certificate.toLegacyObject().subject as unknown as Subject;
  const commonName = Array.isArray(CN) ? CN[0] : CN;
  if (!commonName) return undefined;
  return { commonName, organizations: O === undefined ? [] : [O].flat() };
}

/** Every certificate of a PEM text. */
export function authoritiesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
