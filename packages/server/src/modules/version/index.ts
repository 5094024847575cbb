/** Software Version: XEP-0092 (1.1). */
import { softwareVersion, versionRequest } from "@rookery/protocol";
import { z } from "zod";
import { defineModule, type Module } from "../../host.ts";
import { VERSION } from "../../version.ts";

export interface VersionOptions {
  readonly version: boolean;
  readonly os: boolean;
}

const options: z.ZodType<VersionOptions> = z.strictObject({
  version: z.boolean().default(true).describe("Tell the version of the server, not just its name."),
  os: z.boolean().default(false).describe("Tell the operating system (XEP-0092 §5)."),
});

export const versionModule: Module<VersionOptions, void> = defineModule({
  name: "version",
  implements: [{ xep: 92, version: "1.1", status: "complete" }],
  options,

  setup(host, { version, os }) {
    host.feature("host", versionRequest.ns);
    host.iq("host", "get", versionRequest, () =>
      softwareVersion.write({
        name: "Rookery",
        version: version ? VERSION : "",
        os: os ? process.platform : undefined,
      }),
    );
  },
});
