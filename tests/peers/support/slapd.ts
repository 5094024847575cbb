import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);

/** Everything is below this entry. */
export const BASE = "dc=example,dc=org";
export const SERVICE: { readonly bindDn: string; readonly bindPassword: string } = {
  bindDn: `cn=rookery,${BASE}`,
  bindPassword: "service password",
};

/** Someone in the directory. */
export interface DirectoryUser {
  readonly uid: string;
  readonly password: string;
  /** The unit that the entry is in. */
  readonly unit?: string;
}

/** OpenLDAP's slapd with a directory of its own, which ends with the test. */
export class Slapd {
  readonly url: string;
  readonly tlsUrl: string;
  /** The path of a PEM file: who vouches for its certificate. */
  readonly ca: string;
  readonly #t: TestContext;
  readonly #folder: string;
  #child: Child | undefined = undefined;

  private constructor(t: TestContext, folder: string, ports: readonly [number, number]) {
    this.#t = t;
    this.#folder = folder;
    this.url = `ldap://localhost:${ports[0]}`;
    this.tlsUrl = `ldaps://localhost:${ports[1]}`;
    this.ca = join(folder, "cert.pem");
  }

  static async start(t: TestContext, users: readonly DirectoryUser[]): Promise<Slapd> {
    const folder = await mkdtemp(join(tmpdir(), "rookery-slapd-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "data"));
    await run("openssl", certificateFor("localhost", folder));
    await writeFile(join(folder, "slapd.conf"), configuration(folder));
    await writeFile(join(folder, "users.ldif"), ldif(users));
    const conf = join(folder, "slapd.conf");
    await run("/usr/sbin/slapadd", ["-f", conf, "-l", join(folder, "users.ldif")]);
    const slapd = new Slapd(t, folder, [await freePort(), await freePort()]);
    await slapd.begin();
    return slapd;
  }

  /** Starts it (again). */
  async begin(): Promise<void> {
    const conf = join(this.#folder, "slapd.conf");
    const urls = [this.url, this.tlsUrl].map((url) => url.replace("localhost", "127.0.0.1"));
    this.#child = new Child(this.#t, [
      "/usr/sbin/slapd",
      "-d",
      "0",
      "-f",
      conf,
      "-h",
      urls.join(" "),
    ]);
    for (let tries = 0; tries < 100; tries++) {
      if ((await answers(this.url)) && (await answers(this.tlsUrl))) return;
      await sleep(100);
    }
    throw this.#child.error("does not listen");
  }

  /** Stops it. */
  async end(): Promise<void> {
    await this.#child?.kill("SIGTERM");
  }
}

/** Arguments of openssl: a key, and a certificate that it signs itself. */
function certificateFor(name: string, folder: string): readonly string[] {
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  return ["req", "-x509", ...key, ...names, "-days", "2", ...files];
}

function configuration(folder: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
# anyone may bind; the service account alone may search
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SERVICE.bindDn}" read by * none
database mdb
suffix "${BASE}"
rootdn "cn=root,${BASE}"
maxsize 10485760
directory ${folder}/data
`;
}

function ldif(users: readonly DirectoryUser[]): string {
  const units = new Set(["people", ...users.map(({ unit = "people" }) => unit)]);
  const entries = [
    `dn: ${BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Verona\ndc: example`,
    `dn: ${SERVICE.bindDn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: rookery\nuserPassword: ${SERVICE.bindPassword}`,
    ...[...units].map(
      (unit) => `dn: ou=${unit},${BASE}\nobjectClass: organizationalUnit\nou: ${unit}`,
    ),
    ...users.map(({ uid, password, unit = "people" }) => {
      const dn = `uid=${uid.replaceAll(/[,+"\\<>;=#]/g, "\\$&")},ou=${unit},${BASE}`;
      return `dn:: ${base64(dn)}\nobjectClass: inetOrgPerson\nuid:: ${base64(uid)}\ncn: x\nsn: x\nuserPassword:: ${base64(password)}`;
    }),
  ];
  return `${entries.join("\n\n")}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
