/** Entity Time: XEP-0202 (2.0). The server tells UTC only, not where it stands. */
import { entityTime, timeRequest } from "@rookery/protocol";
import { defineModule, type Module, type NoOptions } from "../../host.ts";

export const timeModule: Module<NoOptions, void> = defineModule({
  name: "time",
  implements: [{ xep: 202, version: "2.0", status: "complete" }],

  setup(host) {
    host.feature("host", timeRequest.ns);
    host.iq("host", "get", timeRequest, () =>
      entityTime.write({ utc: host.clock.now(), offset: 0 }),
    );
  },
});
