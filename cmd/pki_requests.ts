import type { Pkcs10CertificateRequest } from "@peculiar/x509";
import type { Asked } from "../controllers/certificate_signing.ts";
import { CA_FILE, loadX509, newSerialNumber, readKey, SIGNING } from "./pki.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;
/** Clocks of other machines may be behind ours. */
const SKEW_MS = 5 * 60 * 1000;

export interface ReadRequest extends Asked {
  readonly request: Pkcs10CertificateRequest;
}

/** @returns undefined for a text that is no request, or not signed with its own key */
export async function readRequest(pem: string): Promise<ReadRequest | undefined> {
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!await request.verify()) return undefined;
    const subject = request.subjectName;
    const extension = request.extensions.find((one) =>
      one instanceof x509.SubjectAlternativeNameExtension
    );
    const names = extension?.names.items ?? [];
    const of = (type: string) => names.filter((one) => one.type === type).map(({ value }) => value);
    const [dnsNames, addresses] = [of("dns"), of("ip")];
    return {
      request,
      commonName: subject.getField("CN")[0] ?? "",
      organizations: subject.getField("O"),
      dnsNames,
      addresses,
      otherNames: names.length - dnsNames.length - addresses.length,
    };
  } catch {
    return undefined; // it is the client's text: what is wrong with it goes into the request's status
  }
}

/** @returns the certificate in PEM; it lasts as long as was asked for, and a year at most */
export async function signRequest(
  folder: string,
  { request, dnsNames, addresses }: ReadRequest,
  { usages, expirationSeconds = YEAR_SECONDS, now }: {
    usages: readonly string[];
    expirationSeconds: number | undefined;
    now: number;
  },
): Promise<string> {
  const x509 = await loadX509();
  const ca = new x509.X509Certificate(await Deno.readTextFile(`${folder}/${CA_FILE}.crt`));
  const seconds = Math.min(expirationSeconds, YEAR_SECONDS);
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const flags = (usages.includes("digital signature") ? digitalSignature : 0) |
    (usages.includes("key encipherment") ? keyEncipherment : 0);
  const names = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: request.subjectName,
    issuer: ca.subjectName,
    notBefore: new Date(now - SKEW_MS),
    notAfter: new Date(Math.min(now + seconds * 1000, ca.notAfter.getTime())),
    signingAlgorithm: SIGNING,
    publicKey: await request.publicKey.export(),
    signingKey: await readKey(`${folder}/${CA_FILE}.key`),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(flags || digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        ...(usages.includes("client auth") ? [clientAuth] : []),
        ...(usages.includes("server auth") ? [serverAuth] : []),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}
